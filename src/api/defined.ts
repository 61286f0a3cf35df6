/** Without the members that are undefined: "not said" and "said to be undefined" become one. */
export function defined<T extends object>(
  record: T,
): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  const said = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(said) as { [Key in keyof T]: Exclude<T[Key], undefined> };
}

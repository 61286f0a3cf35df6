/** At most `count` lines, oldest first; a newline at the end begins no other. */
export function lastLinesIn(text: string, count: number): readonly string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return count > 0 ? lines.slice(-count) : [];
}

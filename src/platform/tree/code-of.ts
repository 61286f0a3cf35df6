/** The name of a system error, as `ENOENT`; what is none counts as `EIO`. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "EIO";
}

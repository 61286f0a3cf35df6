/**
 * Strings as Go's JSON writes them, which also escapes what HTML would read, so that our trees are
 * the same bytes, and so the same blobs, as those of restic.
 */
const escaped = /[<>&\u2028\u2029]/g;
const suspicious = /[^ !#-%'-;=?-[\]-~]/;

export function goString(text: string): string {
  if (!suspicious.test(text)) return `"${text}"`;
  return JSON.stringify(text).replaceAll(
    escaped,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * Is a content whole? Judged against the newest kept copy, and by its own form.
 *
 * D1. Content that equals the copy, or that is no beginning of it, is never called damaged:
 *     somebody may have edited the file by hand.
 * D2. An empty file, a true beginning of the copy, and a beginning that goes on with zeros only
 *     (what a power cut leaves) are damaged.
 * D3. JSON is called cut off only when it ends inside a string, a comment or a bracket, so that
 *     JSON with comments, or with a mistake in it, is left to those who read it.
 */
export type Damage = "empty" | "truncated" | "zeroed" | "invalid";

/** Undefined: whole, or changed by somebody. Looks at `kept` only where its size says so. */
export function damageAgainst(content: Uint8Array, kept: Uint8Array): Damage | undefined {
  if (kept.length === 0 || content.length > kept.length) return undefined;
  if (content.length === 0) return "empty";
  const last = content[content.length - 1];
  if (content.length === kept.length && last !== 0) return undefined;
  const same = sameBytes(content, kept);
  if (same === content.length) return content.length < kept.length ? "truncated" : undefined;
  return content.subarray(same).every((byte) => byte === 0) ? "zeroed" : undefined;
}

/** Whether `damageAgainst` would have to read the copy at all. */
export function isSuspicious(content: Uint8Array, keptBytes: number): boolean {
  if (content.length < keptBytes) return true;
  return content.length === keptBytes && content[content.length - 1] === 0;
}

function sameBytes(a: Uint8Array, b: Uint8Array): number {
  const end = Math.min(a.length, b.length);
  let at = 0;
  while (at < end && a[at] === b[at]) at += 1;
  return at;
}

/** Keeps D3. An empty text is not cut off: that is another question. */
export function isCutOffJson(text: string): boolean {
  if (text.trim() === "") return false;
  try {
    JSON.parse(text);
    return false;
  } catch {
    return endsInside(text);
  }
}

function endsInside(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      at = endOfString(text, at);
      if (at < 0) return true;
    } else if (character === "/" && text[at + 1] === "*") {
      at = text.indexOf("*/", at + 2) + 1;
      if (at === 0) return true;
    } else if (character === "/" && text[at + 1] === "/") {
      const end = text.indexOf("\n", at);
      at = end < 0 ? text.length : end;
    } else if (character === "{" || character === "[") {
      depth += 1;
    } else if (character === "}" || character === "]") {
      depth -= 1;
    }
  }
  return depth > 0;
}

/** Where the string that begins at `start` ends; -1 for nowhere. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at;
  }
  return -1;
}

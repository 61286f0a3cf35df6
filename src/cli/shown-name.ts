/**
 * Names of files on a terminal: none of them drives it, and two that differ do not look the same
 * for a character that nobody sees. What is no text shows as its bytes: `\xff`.
 */
import { type RawPath, textOfRawPath } from "../vault/index.ts";

/** Controls, directions, joiners, what has no meaning yet; separators of lines and paragraphs. */
const unseen = /[\p{C}\p{Zl}\p{Zp}]/gu;
const replacement = "\ufffd";

export function shownName(path: RawPath): string {
  const text = textOfRawPath(path);
  if (!text.includes(replacement)) return shownText(text);
  return piecesOf(path).map(shownPiece).join("");
}

/** Of a text that came from elsewhere; a tab is a space. */
export function shownText(text: string): string {
  return text.replace(/\t/g, " ").replace(unseen, escaped);
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x80 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}

/** Sequences of UTF-8 as they may be, and single bytes that are none. */
function piecesOf(path: RawPath): readonly string[] {
  return (
    path.match(/[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}|[^]/g) ??
    []
  );
}

function shownPiece(piece: string): string {
  const text = textOfRawPath(piece as RawPath);
  if (!text.includes(replacement)) return shownText(text);
  return Array.from(piece, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`).join(
    "",
  );
}

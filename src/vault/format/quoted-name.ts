/**
 * Names as restic writes them into trees: quoted as Go's `strconv.Quote` does, without the quotes
 * around them, so that JSON, which knows only Unicode, holds any bytes. Source: the Go language's
 * specification of string literals, and restic's design document.
 */
import { Buffer } from "node:buffer";
import type { RawPath } from "../raw-path.ts";
import { Damage } from "./damage.ts";

const plain = /^[ !#-[\]-~]*$/;
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;
const lettered: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};
const unlettered: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
  "'": "'",
};

export function quoteName(name: RawPath): string {
  if (plain.test(name)) return name;
  let quoted = "";
  for (const part of utf8Runs(Buffer.from(name, "latin1"))) {
    quoted += part.isText ? quoteText(part.text) : `\\x${part.byte.toString(16).padStart(2, "0")}`;
  }
  return quoted;
}

/** @throws Damage when an escape is none of Go's */
export function unquoteName(quoted: string): RawPath {
  if (plain.test(quoted)) return quoted as RawPath;
  const raw = quoted.replaceAll(
    /\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{3}|.?)|[^\\]+/gs,
    (piece) => (piece.startsWith("\\") ? unescaped(piece.slice(1), quoted) : latin1Of(piece)),
  );
  return raw as RawPath;
}

/** @param escape what stands behind the backslash */
function unescaped(escape: string, quoted: string): string {
  const letter = unlettered[escape];
  if (letter !== undefined) return letter;
  if (escape.length > 1) {
    const isOctal = /^[0-7]{3}$/.test(escape);
    const value = Number.parseInt(isOctal ? escape : escape.slice(1), isOctal ? 8 : 16);
    if (isOctal || escape.startsWith("x")) return String.fromCharCode(value & 0xff);
    if (value <= 0x10ffff) return latin1Of(String.fromCodePoint(value));
  }
  throw new Damage(`the name ${JSON.stringify(quoted)} is not quoted`);
}

function latin1Of(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

function quoteText(text: string): string {
  let quoted = "";
  for (const character of text) {
    quoted +=
      lettered[character] ??
      (printable.test(character) ? character : quotePoint(character.codePointAt(0) ?? 0));
  }
  return quoted;
}

function quotePoint(point: number): string {
  if (point < 0x20 || point === 0x7f) return `\\x${point.toString(16).padStart(2, "0")}`;
  if (point < 0x10000) return `\\u${point.toString(16).padStart(4, "0")}`;
  return `\\U${point.toString(16).padStart(8, "0")}`;
}

type Run = { readonly isText: true; readonly text: string } | { isText: false; byte: number };

/** What is UTF-8 as text, and every byte that is not by itself. */
function* utf8Runs(bytes: Buffer): Generator<Run> {
  let from = 0;
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    if (length > 0) {
      at += length;
      continue;
    }
    if (at > from) yield { isText: true, text: bytes.toString("utf8", from, at) };
    yield { isText: false, byte: bytes[at] ?? 0 };
    at += 1;
    from = at;
  }
  if (at > from) yield { isText: true, text: bytes.toString("utf8", from, at) };
}

/** Bytes of the UTF-8 sequence at `at`, or 0 when there is none (overlong and surrogates too). */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + length > bytes.length) return 0;
  const second = bytes[at + 1] ?? 0;
  const lowest = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const highest = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < lowest || second > highest) return 0;
  for (let next = at + 2; next < at + length; next += 1) {
    if (((bytes[next] ?? 0) & 0xc0) !== 0x80) return 0;
  }
  return length;
}

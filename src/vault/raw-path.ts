/**
 * Names of files as the bytes that they are. A name on Linux need not be UTF-8, so names and paths
 * are kept as strings of one character a byte (latin1): they compare and sort as their bytes do,
 * and lose nothing. They are turned into text for people at the edge only.
 */

import { Buffer } from "node:buffer";

declare const rawMark: unique symbol;

/** A name or path, one character a byte. */
export type RawPath = string & { readonly [rawMark]: true };

export function rawPathOfBytes(bytes: Uint8Array): RawPath {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1") as RawPath;
}

/** Of text that a person wrote, or that came from JSON. */
export function rawPathOfText(text: string): RawPath {
  return (isAscii(text) ? text : Buffer.from(text, "utf8").toString("latin1")) as RawPath;
}

/**
 * What the calls of `node:fs` take: text where that is the same, which is faster, else the bytes.
 */
export function systemPath(path: RawPath): string | Buffer {
  return isAscii(path) ? path : Buffer.from(path, "latin1");
}

/** For people and JSON: bytes that are not UTF-8 show as the replacement character. */
export function textOfRawPath(path: RawPath): string {
  return isAscii(path) ? path : Buffer.from(path, "latin1").toString("utf8");
}

export function joinRaw(folder: RawPath, name: RawPath): RawPath {
  return (folder === "/" ? `/${name}` : `${folder}/${name}`) as RawPath;
}

function isAscii(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- all of ASCII is meant
  return /^[\x00-\x7f]*$/.test(text);
}

/**
 * The files of a repository that hold JSON: indexes, snapshots and locks. A byte 2 says that the
 * rest is a frame of zstd; older writers left JSON as it is, which begins with a bracket. Both are
 * sealed. What is not well formed has a right MAC all the same, so that its writer was wrong.
 */
import { Buffer } from "node:buffer";
import { failed, messageOf, type Result, SoulMirrorError, success } from "../../kernel/index.ts";
import type { Sealer } from "./seal.ts";
import { compress, decompress } from "./zstd.ts";

const zstdMark = 2;
const openingMarks: readonly number[] = [...Buffer.from("{[")];

/** An index of 50,000 blobs unpacks to 10 MB: more than this is a bomb, or none of ours. */
const unpackedBytesMax = 256 * 1024 * 1024;

export interface OpenJsonOptions {
  /** How people know the file, for messages: `index 4e2a...`. */
  readonly name: string;
  readonly unpackedBytesMax?: number;
}

/** @param json a text that `JSON.parse` takes */
export function sealJson(json: string, sealer: Sealer, nonce: Uint8Array): Uint8Array {
  const packed = compress(Buffer.from(json, "utf8"));
  return sealer.seal(Buffer.concat([Buffer.of(zstdMark), packed]), nonce);
}

/** The parsed JSON, or an error `VAULT_DAMAGED` or `VAULT_TOO_NEW`. */
export function openJson(
  sealed: Uint8Array,
  sealer: Sealer,
  { name, unpackedBytesMax: limit = unpackedBytesMax }: OpenJsonOptions,
): Result<unknown, SoulMirrorError> {
  const bytes = sealer.open(sealed);
  if (bytes === undefined) return failed(damaged(name, "its MAC does not fit"));
  const mark = bytes[0] ?? -1;
  if (mark !== zstdMark && !openingMarks.includes(mark)) return failed(unknownMark(name, mark));
  try {
    const text = mark === zstdMark ? decompress(bytes.subarray(1), limit) : bytes;
    return success(JSON.parse(textOf(text)));
  } catch (error) {
    return failed(damaged(name, messageOf(error)));
  }
}

/** The text of bytes that were sealed as UTF-8. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
}

function damaged(name: string, why: string): SoulMirrorError {
  return new SoulMirrorError("VAULT_DAMAGED", `${name} cannot be read: ${why}`, {
    fix: "It can be copied from a location where it is sound: run `soulmirror vault check`.",
  });
}

function unknownMark(name: string, mark: number): SoulMirrorError {
  if (mark === -1) return damaged(name, "it is empty");
  const message = `${name} is packed in a way that we do not know (${mark})`;
  return new SoulMirrorError("VAULT_TOO_NEW", message, {
    fix: "Use the version of the program that wrote it, or a later one.",
  });
}

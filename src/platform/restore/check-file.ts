/** Reads a file back and compares it, piece after piece, with what it should hold. */
import { createHash } from "node:crypto";
import { closeSync, fstatSync, readSync } from "node:fs";
import { messageOf } from "../../kernel/index.ts";
import { type CheckedFile, type FileToCheck, hexDigestOf } from "../../vault/index.ts";
import type { Restorer } from "../tree/index.ts";

export function checkFile(restorer: Restorer, { ids, lengths, path }: FileToCheck): CheckedFile {
  try {
    const descriptor = restorer.open(path);
    try {
      return checkOpen(descriptor, ids, lengths);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    return { kind: "differs", reason: messageOf(error) };
  }
}

function checkOpen(
  descriptor: number,
  ids: readonly string[],
  lengths: readonly number[],
): CheckedFile {
  const whole = createHash("sha256");
  let offset = 0;
  for (const [at, id] of ids.entries()) {
    const piece = readWhole(descriptor, offset, lengths[at] ?? 0);
    if (hexDigestOf(piece) !== id) return { kind: "differs", reason: `at byte ${offset}` };
    whole.update(piece);
    offset += piece.length;
  }
  const { size } = fstatSync(descriptor);
  if (size !== offset) return { kind: "differs", reason: `${size} bytes, not ${offset}` };
  return { kind: "whole", hash: whole.digest("hex") };
}

/** Shorter when the file ends before. */
function readWhole(descriptor: number, offset: number, length: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(length);
  let end = 0;
  while (end < length) {
    const count = readSync(descriptor, bytes, end, length - end, offset + end);
    if (count === 0) break;
    end += count;
  }
  return bytes.subarray(0, end);
}

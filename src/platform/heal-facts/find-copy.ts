/**
 * Does what a file held live on in a younger file beside it? So it is after a log was rotated by
 * copying and truncating; the copy may have more behind it, and may be packed by gzip.
 */
import { createHash } from "node:crypto";
import { createReadStream, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";

export interface HeldContent {
  readonly sizeBytes: number;
  /** SHA-256 of all of it, in hexadecimal digits. */
  readonly hash: string;
  /** When the snapshot saw it last. */
  readonly ctimeNs: bigint;
}

/** How many files that begin with its name are looked into. */
const candidates = 16;

export async function findCopy(path: string, held: HeldContent): Promise<string | undefined> {
  const younger = readdirSync(dirname(path))
    .filter((name) => name !== basename(path) && name.startsWith(basename(path)))
    .map((name) => join(dirname(path), name))
    .filter((file) => {
      const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
      return stats?.isFile() === true && stats.ctimeNs > held.ctimeNs;
    })
    .slice(0, candidates);
  for (const file of younger) if (await beginsWith(file, held)) return file;
  return undefined;
}

async function beginsWith(file: string, { sizeBytes, hash }: HeldContent): Promise<boolean> {
  const hasher = createHash("sha256");
  let left = sizeBytes;
  const read = createReadStream(file);
  const take = async (pieces: AsyncIterable<Buffer>): Promise<void> => {
    for await (const piece of pieces) {
      hasher.update(piece.subarray(0, left));
      left -= Math.min(left, piece.length);
      if (left === 0) return;
    }
  };
  try {
    await (file.endsWith(".gz") ? pipeline(read, createGunzip(), take) : pipeline(read, take));
  } catch {
    // Cut off on purpose, gone meanwhile, or not packed at all: what was read decides.
  }
  return left === 0 && hasher.digest("hex") === hash;
}

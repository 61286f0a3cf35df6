/**
 * A tree for the measurements of the vault: 50,000 small files in 2,051 folders, 417 MB, always the
 * same bytes. Half of the files are like text and compress well, the others do not.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface BenchTree {
  readonly files: number;
  readonly folders: number;
  readonly sizeBytes: number;
}

const words = "vault restore the of folder pack index snapshot and a blob tree lock seal\n".split(
  " ",
);

export function makeBenchTree(root: string, files = 50_000): BenchTree {
  const next = sequence(7);
  let [folders, sizeBytes] = [1, 0];
  for (let outer = 0; outer < 50; outer += 1) {
    folders += 1;
    for (let inner = 0; inner < 40; inner += 1) {
      mkdirSync(join(root, `outer-${outer}`, `inner-${inner}`), { recursive: true });
      folders += 1;
    }
  }
  const pool = randomPool(next);
  for (let number = 0; number < files; number += 1) {
    const folder = join(root, `outer-${number % 50}`, `inner-${Math.floor(number / 50) % 40}`);
    // Most are small, some are not: 8.3 kB in the middle of all.
    const length = Math.floor((next() / 2 ** 32) ** 2 * 25_000) + 16;
    const content =
      number % 2 === 0
        ? textOf(length, next)
        : pool.subarray(next() % (pool.length - length)).subarray(0, length);
    writeFileSync(
      join(folder, `file-${number}`),
      Buffer.concat([Buffer.from(`${number}\n`), content]),
    );
    sizeBytes += content.length;
  }
  return { files, folders, sizeBytes };
}

function randomPool(next: () => number): Buffer {
  const pool = Buffer.alloc(8 << 20);
  for (let at = 0; at < pool.length; at += 4) pool.writeUInt32LE(next(), at);
  return pool;
}

function textOf(length: number, next: () => number): Buffer {
  let text = "";
  while (text.length < length) text += `${words[next() % words.length]} ${next() % 1000} `;
  return Buffer.from(text.slice(0, length));
}

/** Numbers below 2^32 that look like chance (xorshift, Marsaglia 2003). */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

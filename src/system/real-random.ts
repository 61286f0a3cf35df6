import { createRandom, type Random } from "../kernel/index.ts";

/** A seed nobody can guess; print it where a run must be repeatable. */
export function realSeed(): number {
  return randomBytes(4).readUInt32LE();
}

/** So many bytes that nobody can guess, as hexadecimal text: for names of files. */
export function randomHex(bytes: number): string {
  return randomBytes(bytes).toString("hex");
}

/** What names a long text among others: 16 characters of its SHA-256. */
export function shortHash(text: string): string {
  return cryptography().createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function randomBytes(bytes: number): Buffer {
  return cryptography().randomBytes(bytes);
}

/**
 * Random bytes a few at a time, taken from a pool: for nonces, of which a backup needs millions.
 */
export function randomPool(poolBytes = 8192): (length: number) => Uint8Array {
  let pool: Buffer = Buffer.alloc(0);
  let used = 0;
  return (length) => {
    if (used + length > pool.length) {
      pool = randomBytes(Math.max(poolBytes, length));
      used = 0;
    }
    used += length;
    return pool.subarray(used - length, used);
  };
}

/** Loaded when it is first needed: a service that loads the engine may never need it. */
function cryptography(): typeof import("node:crypto") {
  return process.getBuiltinModule("node:crypto");
}

/** Chance for jitter and ids. Never for keys and tokens: those come from node:crypto itself. */
export function createRealRandom(): Random {
  let random: Random | undefined;
  return { next: () => (random ??= createRandom(realSeed())).next() };
}

import { randomBytes } from "node:crypto";
import { createRandom, type Random } from "../kernel/index.ts";

/** A seed nobody can guess; print it where a run must be repeatable. */
export function realSeed(): number {
  return randomBytes(4).readUInt32LE();
}

/** Chance for jitter and ids. Never for keys and tokens: those come from node:crypto itself. */
export function createRealRandom(): Random {
  return createRandom(realSeed());
}

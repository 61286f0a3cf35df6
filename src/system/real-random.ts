import { createRandom, type Random } from "../kernel/index.ts";

/** A seed nobody can guess; print it where a run must be repeatable. */
export function realSeed(): number {
  return randomBytes(4).readUInt32LE();
}

/** So many bytes that nobody can guess, as hexadecimal text: for names of files. */
export function randomHex(bytes: number): string {
  return randomBytes(bytes).toString("hex");
}

/** Loaded when it is first needed: a service that loads the engine may never need it. */
function randomBytes(bytes: number): Buffer {
  return process.getBuiltinModule("node:crypto").randomBytes(bytes);
}

/** Chance for jitter and ids. Never for keys and tokens: those come from node:crypto itself. */
export function createRealRandom(): Random {
  let random: Random | undefined;
  return { next: () => (random ??= createRandom(realSeed())).next() };
}

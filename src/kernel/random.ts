/**
 * Seeded randomness. The generator is sfc32 (Chris Doty-Humphrey, PractRand), seeded through
 * splitmix32, as fast as Math.random and the same on every machine: a failing simulation is
 * replayed from its seed alone.
 */
export interface Random {
  /** A float in [0, 1). */
  next(): number;
}

export function createRandom(seed: number): Random {
  let mix = seed >>> 0;
  const splitmix = (): number => {
    mix = (mix + 0x9e3779b9) | 0;
    let z = mix ^ (mix >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a2d97);
    return z ^ (z >>> 15);
  };
  let a = splitmix();
  let b = splitmix();
  let c = splitmix();
  let counter = 1;
  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    c |= 0;
    return (t >>> 0) / 4294967296;
  };
  for (let round = 0; round < 12; round += 1) next();
  return { next };
}

/** An integer in [minimum, maximum], both included. */
export function integerBetween(random: Random, minimum: number, maximum: number): number {
  return minimum + Math.floor(random.next() * (maximum - minimum + 1));
}

/** `valueMs` spread by +-`share` (0.1 = 10 %), so that equal cadences do not beat together. */
export function jittered(random: Random, valueMs: number, share: number): number {
  return valueMs * (1 + (random.next() * 2 - 1) * share);
}

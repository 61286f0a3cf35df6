/**
 * Which bin a value falls into. Floating point numbers are logarithmic already: the exponent and
 * the first bits of the mantissa, taken from the 64 bits as they are, cut each power of two into
 * `2 ** bits` bins of equal width. No logarithm, no table.
 *
 * 1. Keys sort as their values do; zero (and what is too small to be normal) has one key.
 * 2. `key >> 1` is the key of the same value with one bit less: coarser bins need no second look.
 */
const word = new Float64Array(1);
const halves = new Uint32Array(word.buffer);
word[0] = 1;
/** 1 where the machine is little-endian, as all that Node runs on are but a few. */
const high = halves[1] === 0 ? 0 : 1;

const exponentBits = 11;
const topMantissaBits = 20;
export const bitsMax = 6;

export function keyOf(value: number, bits: number): number {
  word[0] = value;
  const top = halves[high] as number;
  const size = (top & 0x7fffffff) >>> (topMantissaBits - bits);
  const zero = 1 << (exponentBits + bits);
  return top >>> 31 === 1 && value !== 0 ? zero - 1 - size : zero + size;
}

/** The middle of a bin: no value of the bin is farther than `2 ** -(bits + 1)` of itself. */
export function valueOf(key: number, bits: number): number {
  const zero = 1 << (exponentBits + bits);
  const isNegative = key < zero;
  const size = isNegative ? zero - 1 - key : key - zero;
  if (size >>> bits === 0) return 0;
  const middle = (edgeOf(size, bits) + edgeOf(size + 1, bits)) / 2;
  return isNegative ? -middle : middle;
}

function edgeOf(size: number, bits: number): number {
  halves[high] = size << (topMantissaBits - bits);
  halves[1 - high] = 0;
  return word[0] as number;
}

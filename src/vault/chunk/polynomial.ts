/**
 * The polynomial that a repository cuts its files by: irreducible over GF(2), of degree 53, chosen
 * at random, so that where cuts lie tells a stranger nothing. A polynomial is a number whose bits
 * are its coefficients; to add is to xor.
 *
 * 1. What `choosePolynomial` gives, and what `isCuttingPolynomial` lets pass, has no divisors.
 */

const degree = 53;
/** One in 27 odd polynomials of this degree is irreducible: so many tries fail once in e^370. */
const triesMax = 10_000;

/** @param randomBytes as many as it is asked for, of a good source */
export function choosePolynomial(randomBytes: (count: number) => Uint8Array): bigint {
  for (let tries = 0; tries < triesMax; tries++) {
    let bits = 0n;
    for (const byte of randomBytes(8)) bits = (bits << 8n) | BigInt(byte);
    // Of the right degree, and not divisible by x.
    const candidate = BigInt.asUintN(degree, bits) | (1n << BigInt(degree)) | 1n;
    if (isIrreducible(candidate)) return candidate;
  }
  throw new Error(`broken invariant: no irreducible polynomial in ${triesMax} tries of chance`);
}

/** Whether files can be cut by it; a config may come from anywhere. */
export function isCuttingPolynomial(polynomial: bigint): boolean {
  return degreeOf(polynomial) === degree && isIrreducible(polynomial);
}

/** As a config holds it: hexadecimal, in lower case, without leading zeros. */
export function formatPolynomial(polynomial: bigint): string {
  return polynomial.toString(16);
}

/** Undefined for what is no hexadecimal number of at most 64 bits. */
export function parsePolynomial(text: string): bigint | undefined {
  return /^[0-9a-fA-F]{1,16}$/.test(text) ? BigInt(`0x${text}`) : undefined;
}

/**
 * Rabin's test: x^(2^n) - x is the product of all irreducible polynomials whose degree divides n.
 * So one of degree n divides it, and has no divisor with it for n over a prime: as the degree that
 * files are cut by is a prime, it is asked for one common divisor and not, as Ben-Or would, for 26.
 */
export function isIrreducible(polynomial: bigint): boolean {
  const degree = degreeOf(polynomial);
  const looks = new Set(primeDivisors(degree).map((prime) => degree / prime));
  let power = 2n;
  for (let i = 1; i <= degree; i++) {
    power = remainder(squared(power), polynomial);
    if (looks.has(i) && greatestCommonDivisor(polynomial, power ^ 2n) !== 1n) return false;
  }
  return polynomial > 1n && power === remainder(2n, polynomial);
}

function primeDivisors(number: number): readonly number[] {
  const found: number[] = [];
  let rest = number;
  for (let divisor = 2; divisor <= rest; divisor++) {
    if (rest % divisor === 0) found.push(divisor);
    while (rest % divisor === 0) rest /= divisor;
  }
  return found;
}

/** -1 for zero. */
function degreeOf(polynomial: bigint): number {
  return polynomial === 0n ? -1 : polynomial.toString(2).length - 1;
}

function remainder(value: bigint, divisor: bigint): bigint {
  const divisorDegree = degreeOf(divisor);
  let rest = value;
  for (let over = degreeOf(rest); over >= divisorDegree; over = degreeOf(rest)) {
    rest ^= divisor << BigInt(over - divisorDegree);
  }
  return rest;
}

/** Over GF(2) all mixed products come twice and vanish: the bits only move apart. */
function squared(value: bigint): bigint {
  return BigInt(`0b${value.toString(2).split("").join("0")}`);
}

function greatestCommonDivisor(one: bigint, other: bigint): bigint {
  let [left, right] = [one, other];
  while (right !== 0n) [left, right] = [right, remainder(left, right)];
  return left;
}

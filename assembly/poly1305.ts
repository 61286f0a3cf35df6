/**
 * Poly1305 over GF(2^130 - 5), with 5 limbs of 26 bits in 64-bit registers: a product of two limbs
 * has room for ten of its like, so that two blocks are taken in with one round of carries:
 * h = (h + m1) * r^2 + m2 * r.
 *
 * All memory is laid out by hand and nothing is allocated. The host writes r, s and the message,
 * calls `begin`, `absorb` for whole blocks and `finish` for the rest, and reads the tag.
 */

/** The 16 bytes r, and s behind them. */
const keyAt: usize = 0;
const tagAt: usize = 32;
/** A counter block of AES: 16 bytes, the most significant first. */
const counterAt: usize = 48;
export const messageAt: usize = 1024;
/** What `mask` adds to the message; `countUp` writes counter blocks here. */
export const maskAt: usize = 1024 + 65536;

const limb: u64 = 0x3ffffff;
const top: u64 = 1 << 24;

let h0: u64 = 0;
let h1: u64 = 0;
let h2: u64 = 0;
let h3: u64 = 0;
let h4: u64 = 0;

let r0: u64 = 0;
let r1: u64 = 0;
let r2: u64 = 0;
let r3: u64 = 0;
let r4: u64 = 0;

// The limbs of r^2.
let q0: u64 = 0;
let q1: u64 = 0;
let q2: u64 = 0;
let q3: u64 = 0;
let q4: u64 = 0;

export function begin(): void {
  const low = load<u64>(keyAt) & 0x0ffffffc0fffffff;
  const high = load<u64>(keyAt, 8) & 0x0ffffffc0ffffffc;
  r0 = low & limb;
  r1 = (low >> 26) & limb;
  r2 = ((low >> 52) | (high << 12)) & limb;
  r3 = (high >> 14) & limb;
  r4 = high >> 40;
  h0 = r0;
  h1 = r1;
  h2 = r2;
  h3 = r3;
  h4 = r4;
  multiply();
  q0 = h0;
  q1 = h1;
  q2 = h2;
  q3 = h3;
  q4 = h4;
  h0 = h1 = h2 = h3 = h4 = 0;
}

/** Takes in `length` bytes of the message: whole blocks. */
export function absorb(length: usize): void {
  let at = messageAt;
  const pairsEnd = at + (length & ~31);
  if (at < pairsEnd) absorbPairs(pairsEnd);
  at = pairsEnd;
  if (length & 16) absorbBlock(at, top);
}

/** The last `length` bytes, fewer than a block, at `offset` of the message; then writes the tag. */
export function finish(offset: usize, length: usize): void {
  if (length > 0) {
    const at = messageAt + offset;
    store<u8>(at + length, 1);
    memory.fill(at + length + 1, 0, 15 - length);
    absorbBlock(at, 0);
  }
  writeTag();
}

function absorbBlock(at: usize, marker: u64): void {
  const low = load<u64>(at);
  const high = load<u64>(at, 8);
  h0 += low & limb;
  h1 += (low >> 26) & limb;
  h2 += ((low >> 52) | (high << 12)) & limb;
  h3 += (high >> 14) & limb;
  h4 += (high >> 40) | marker;
  multiply();
}

/** h * r, with limbs of 26 bits again, but for a few that may be one bit longer. */
function multiply(): void {
  const s1 = r1 * 5;
  const s2 = r2 * 5;
  const s3 = r3 * 5;
  const s4 = r4 * 5;
  const d0 = h0 * r0 + h1 * s4 + h2 * s3 + h3 * s2 + h4 * s1;
  const d1 = h0 * r1 + h1 * r0 + h2 * s4 + h3 * s3 + h4 * s2 + (d0 >> 26);
  const d2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * s4 + h4 * s3 + (d1 >> 26);
  const d3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + h4 * s4 + (d2 >> 26);
  const d4 = h0 * r4 + h1 * r3 + h2 * r2 + h3 * r1 + h4 * r0 + (d3 >> 26);
  const e0 = (d0 & limb) + (d4 >> 26) * 5;
  h0 = e0 & limb;
  h1 = (d1 & limb) + (e0 >> 26);
  h2 = d2 & limb;
  h3 = d3 & limb;
  h4 = d4 & limb;
}

function absorbPairs(end: usize): void {
  let a0 = h0;
  let a1 = h1;
  let a2 = h2;
  let a3 = h3;
  let a4 = h4;
  const s1 = r1 * 5;
  const s2 = r2 * 5;
  const s3 = r3 * 5;
  const s4 = r4 * 5;
  const t1 = q1 * 5;
  const t2 = q2 * 5;
  const t3 = q3 * 5;
  const t4 = q4 * 5;
  for (let at = messageAt; at < end; at += 32) {
    let low = load<u64>(at);
    let high = load<u64>(at, 8);
    a0 += low & limb;
    a1 += (low >> 26) & limb;
    a2 += ((low >> 52) | (high << 12)) & limb;
    a3 += (high >> 14) & limb;
    a4 += (high >> 40) | top;
    low = load<u64>(at, 16);
    high = load<u64>(at, 24);
    const m0 = low & limb;
    const m1 = (low >> 26) & limb;
    const m2 = ((low >> 52) | (high << 12)) & limb;
    const m3 = (high >> 14) & limb;
    const m4 = (high >> 40) | top;
    let d0 = m0 * r0 + m1 * s4 + m2 * s3 + m3 * s2 + m4 * s1;
    let d1 = m0 * r1 + m1 * r0 + m2 * s4 + m3 * s3 + m4 * s2;
    let d2 = m0 * r2 + m1 * r1 + m2 * r0 + m3 * s4 + m4 * s3;
    let d3 = m0 * r3 + m1 * r2 + m2 * r1 + m3 * r0 + m4 * s4;
    let d4 = m0 * r4 + m1 * r3 + m2 * r2 + m3 * r1 + m4 * r0;
    d0 += a0 * q0 + a1 * t4 + a2 * t3 + a3 * t2 + a4 * t1;
    d1 += a0 * q1 + a1 * q0 + a2 * t4 + a3 * t3 + a4 * t2;
    d2 += a0 * q2 + a1 * q1 + a2 * q0 + a3 * t4 + a4 * t3;
    d3 += a0 * q3 + a1 * q2 + a2 * q1 + a3 * q0 + a4 * t4;
    d4 += a0 * q4 + a1 * q3 + a2 * q2 + a3 * q1 + a4 * q0;
    // Two chains of carries side by side, as each waits for its own.
    d1 += d0 >> 26;
    d4 += d3 >> 26;
    a0 = (d0 & limb) + (d4 >> 26) * 5;
    d2 += d1 >> 26;
    a3 = (d3 & limb) + (d2 >> 26);
    a1 = (d1 & limb) + (a0 >> 26);
    a0 &= limb;
    a2 = d2 & limb;
    a4 = (d4 & limb) + (a3 >> 26);
    a3 &= limb;
  }
  h0 = a0;
  h1 = a1;
  h2 = a2;
  h3 = a3;
  h4 = a4;
}

function writeTag(): void {
  // Whole carries, twice around, so that every limb has 26 bits.
  let carry: u64 = 0;
  for (let round = 0; round < 2; round++) {
    h1 += h0 >> 26;
    h0 &= limb;
    h2 += h1 >> 26;
    h1 &= limb;
    h3 += h2 >> 26;
    h2 &= limb;
    h4 += h3 >> 26;
    h3 &= limb;
    h0 += (h4 >> 26) * 5;
    h4 &= limb;
  }
  h1 += h0 >> 26;
  h0 &= limb;
  // h - p, by h + 5 - 2^130: taken when it is not below zero, without a branch.
  let g0 = h0 + 5;
  let g1 = h1 + (g0 >> 26);
  let g2 = h2 + (g1 >> 26);
  let g3 = h3 + (g2 >> 26);
  let g4 = h4 + (g3 >> 26);
  const isBelow = (g4 >> 26) - 1;
  g0 = (h0 & isBelow) | (g0 & limb & ~isBelow);
  g1 = (h1 & isBelow) | (g1 & limb & ~isBelow);
  g2 = (h2 & isBelow) | (g2 & limb & ~isBelow);
  g3 = (h3 & isBelow) | (g3 & limb & ~isBelow);
  g4 = (h4 & isBelow) | (g4 & limb & ~isBelow);
  // Modulo 2^128, plus s.
  const low = g0 | (g1 << 26) | (g2 << 52);
  const high = (g2 >> 12) | (g3 << 14) | (g4 << 40);
  const sum = low + load<u64>(keyAt, 16);
  carry = u64(sum < low);
  store<u64>(tagAt, sum);
  store<u64>(tagAt, high + load<u64>(keyAt, 24) + carry, 8);
}

/** Writes `count` counter blocks, from the one the host wrote; the last one is followed by zero. */
export function countUp(count: u32): void {
  let high = bswap<u64>(load<u64>(counterAt));
  let low = bswap<u64>(load<u64>(counterAt, 8));
  for (let at = maskAt, end = maskAt + ((<usize>count) << 4); at < end; at += 16) {
    store<u64>(at, bswap<u64>(high));
    store<u64>(at, bswap<u64>(low), 8);
    low++;
    high += u64(low == 0);
  }
}

/** Adds the mask to the message, without carry; a few bytes beyond `length` are changed as well. */
export function mask(length: usize): void {
  for (let offset: usize = 0; offset < length; offset += 16) {
    const at = messageAt + offset;
    v128.store(at, v128.xor(v128.load(at), v128.load(at, 65536)));
  }
}

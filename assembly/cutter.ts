/**
 * Where chunks end, by Rabin fingerprints of the last 64 bytes: the remainder of those bytes, taken
 * as a polynomial over GF(2), modulo an irreducible one of degree 53.
 *
 * A fingerprint depends on its 64 bytes alone. So four places of a piece of data are rolled over
 * side by side, each after a window of its own: a single one would mostly wait for its own table.
 *
 * The host writes data at `dataAt`, with the 64 bytes before it in front, and calls `scan`.
 */

const windowBytes: usize = 64;
const degree: u64 = 53;
/** What to add for a byte that leaves: times x^512, for the fingerprint has been moved by then. */
const leavingAt: usize = 1024;
/** What reduces the 8 bits above the degree. */
const reducingAt: usize = 1024 + 2048;
export const dataAt: usize = 8192;
/** A fourth of what is rolled over at once: fixed, so that one register leads all four lanes. */
const laneBytes: usize = 4096;

/** Fills the tables for a polynomial of degree 53, so that a byte fits above it. */
export function prepare(polynomial: u64): void {
  for (let byte: u64 = 0; byte < 256; byte++) {
    const at = (<usize>byte) << 3;
    store<u64>(reducingAt + at, remainder(byte << degree, polynomial) | (byte << degree));
    let moved = byte;
    for (let step = 0; step < <i32>windowBytes; step++) moved = remainder(moved << 8, polynomial);
    store<u64>(leavingAt + at, moved);
  }
}

function remainder(value: u64, polynomial: u64): u64 {
  let rest = value;
  while (rest >> degree != 0) rest ^= polynomial << (63 - clz<u64>(rest) - degree);
  return rest;
}

/** The fingerprint of the 64 bytes before `end`. */
function fingerprint(end: usize): u64 {
  let digest: u64 = 0;
  for (let at = end - windowBytes; at < end; at++) digest = moved(digest) ^ load<u8>(at);
  return digest;
}

function moved(digest: u64): u64 {
  return (digest << 8) ^ load<u64>(<usize>(digest >> (degree - 11)) & ~7, reducingAt);
}

function rolled(digest: u64, entering: u8, leaving: u8): u64 {
  return moved(digest) ^ (<u64>entering ^ load<u64>((<usize>leaving) << 3, leavingAt));
}

/**
 * How many of the `length` bytes come before the first cut, the byte whose window ends in zeros
 * (those of `zeros`) included; 0 when there is none.
 */
export function scan(length: usize, zeros: u64): usize {
  let at = dataAt;
  const end = dataAt + length;
  while (at + 4 * laneBytes <= end) {
    const cut = scanLanes(at, zeros);
    if (cut != 0) return cut - dataAt;
    at += 4 * laneBytes;
  }
  let digest = fingerprint(at);
  while (at < end) {
    digest = rolled(digest, load<u8>(at), load<u8>(at - windowBytes));
    at++;
    if ((digest & zeros) == 0) return at - dataAt;
  }
  return 0;
}

/** The end of the first window that ends in zeros, in four lanes from `from` on; 0 for none. */
function scanLanes(from: usize, zeros: u64): usize {
  let d0 = fingerprint(from);
  let d1 = fingerprint(from + laneBytes);
  let d2 = fingerprint(from + 2 * laneBytes);
  let d3 = fingerprint(from + 3 * laneBytes);
  let second: usize = 0;
  let third: usize = 0;
  let fourth: usize = 0;
  // From the first byte that leaves: offsets of loads are constants, and not below zero.
  for (let at = from - windowBytes, end = at + laneBytes; at < end; at++) {
    d0 = rolled(d0, load<u8>(at, windowBytes), load<u8>(at));
    d1 = rolled(d1, load<u8>(at, laneBytes + windowBytes), load<u8>(at, laneBytes));
    d2 = rolled(d2, load<u8>(at, 2 * laneBytes + windowBytes), load<u8>(at, 2 * laneBytes));
    d3 = rolled(d3, load<u8>(at, 3 * laneBytes + windowBytes), load<u8>(at, 3 * laneBytes));
    if ((d0 & zeros) == 0) return at + windowBytes + 1;
    if ((d1 & zeros) == 0 && second == 0) second = at + laneBytes + windowBytes + 1;
    if ((d2 & zeros) == 0 && third == 0) third = at + 2 * laneBytes + windowBytes + 1;
    if ((d3 & zeros) == 0 && fourth == 0) fourth = at + 3 * laneBytes + windowBytes + 1;
  }
  if (second != 0) return second;
  return third != 0 ? third : fourth;
}

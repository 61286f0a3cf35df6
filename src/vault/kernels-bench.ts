/** The kernels in the plainest way, with numbers of any length: slow, and easy to believe. */
import type { Kernels } from "./kernels.ts";

const prime = (1n << 130n) - 5n;
const clamp = 0x0ffffffc0ffffffc0ffffffc0fffffffn;
const windowBytes = 64;

function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

function bytesOf(number: bigint): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, at) => Number((number >> BigInt(8 * at)) & 0xffn));
}

function poly1305(r: Uint8Array, s: Uint8Array, message: Uint8Array): Uint8Array {
  let sum = 0n;
  for (let at = 0; at < message.length; at += 16) {
    const block = message.subarray(at, at + 16);
    sum =
      ((sum + numberOf(block) + (1n << BigInt(8 * block.length))) * (numberOf(r) & clamp)) % prime;
  }
  return bytesOf(sum + numberOf(s));
}

function counterBlocks(nonce: Uint8Array, count: number): Uint8Array {
  const blocks = new Uint8Array(16 * count);
  const first = numberOf(nonce.toReversed());
  for (let at = 0; at < count; at++) {
    blocks.set(bytesOf(first + BigInt(at)).toReversed(), 16 * at);
  }
  return blocks;
}

/** The remainder of the last 64 bytes, bit after bit; zeros stand before the first one. */
export function fingerprintAt(bytes: Uint8Array, end: number, polynomial: bigint): bigint {
  const top = 1n << BigInt(polynomial.toString(2).length - 1);
  let rest = 0n;
  for (const byte of bytes.subarray(Math.max(0, end - windowBytes), end)) {
    for (let bit = 7; bit >= 0; bit--) {
      rest = (rest << 1n) | BigInt((byte >> bit) & 1);
      if (rest >= top) rest ^= polynomial;
    }
  }
  return rest;
}

interface CutRules {
  readonly polynomial: bigint;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly averageBits: number;
}

/** The lengths of all chunks. */
export function referenceChunks(bytes: Uint8Array, rules: CutRules): number[] {
  const { polynomial, minBytes, maxBytes, averageBits } = rules;
  const zeros = (1n << BigInt(averageBits)) - 1n;
  const lengths: number[] = [];
  let begin = 0;
  for (let end = 1; end <= bytes.length; end++) {
    const length = end - begin;
    const isCut = length >= minBytes && (fingerprintAt(bytes, end, polynomial) & zeros) === 0n;
    if (isCut || length === maxBytes || end === bytes.length) {
      lengths.push(length);
      begin = end;
    }
  }
  return lengths;
}

/** All but the cutter, which `referenceChunks` stands for. */
export const referenceKernels: Kernels = {
  poly1305,
  counterBlocks,
  addMask: (bytes, mask, target) => {
    target.set(bytes.map((byte, at) => byte ^ (mask[at] ?? 0)));
  },
  createCutter: () => {
    throw new Error("the reference of the cutter is a function of whole files");
  },
};

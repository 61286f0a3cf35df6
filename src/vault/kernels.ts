/**
 * The two computations that Node's own modules do not have, handed in as WebAssembly: the MAC of
 * the restic format and the rolling fingerprint that cuts files into chunks.
 *
 * One instance belongs to one thread and is not shared. All calls are synchronous and keep nothing
 * of what they were given.
 */
export interface Kernels {
  /**
   * Poly1305 (Bernstein, "The Poly1305-AES message-authentication code", 2005).
   *
   * @param r 16 bytes, clamped inside
   * @param s 16 bytes, added at the end: AES-128_k(nonce) in Poly1305-AES
   * @returns 16 bytes
   */
  poly1305(r: Uint8Array, s: Uint8Array, message: Uint8Array): Uint8Array;
  createCutter(options: CutterOptions): Cutter;
}

export interface CutterOptions {
  /** An irreducible polynomial over GF(2) of degree 53, as in a repository's config. */
  readonly polynomial: bigint;
  /** restic's: 512 KiB, 8 MiB and 20 bits. */
  readonly minBytes?: number;
  readonly maxBytes?: number;
  readonly averageBits?: number;
}

/**
 * Finds where chunks end (content-defined chunking by Rabin fingerprints with a window of 64 bytes,
 * as github.com/restic/chunker does it).
 */
export interface Cutter {
  /**
   * Goes on behind what it saw last.
   *
   * @returns the number of bytes of `bytes` that end the present chunk, or -1 when all of them
   * belong to it and it goes on. After an end the next chunk begins: call again with the rest.
   */
  next(bytes: Uint8Array): number;
  /** The next byte begins a file. */
  reset(): void;
}

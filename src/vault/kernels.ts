/**
 * The computations that Node's own modules do not have, or not fast enough, handed in as
 * WebAssembly: the MAC of the restic format, the rolling fingerprint that cuts files into chunks,
 * and what a counter mode needs besides its block cipher.
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
  /**
   * What a counter mode encrypts: `nonce`, the same plus one, and so on, as numbers of 16 bytes
   * with the most significant first.
   *
   * @param count at most `maskBlocksMax`
   * @returns a view that holds until the next call of any of these functions
   */
  counterBlocks(nonce: Uint8Array, count: number): Uint8Array;
  /**
   * Fills the first bytes of `target` with `bytes`, each added to one of `mask` without carry.
   *
   * @param mask at least as long as `bytes`, and at most `maskBlocksMax` blocks of 16 bytes
   */
  addMask(bytes: Uint8Array, mask: Uint8Array, target: Uint8Array): void;
  createCutter(options: CutterOptions): Cutter;
}

/** How many blocks of 16 bytes `counterBlocks` and `addMask` can take: 64 KiB. */
export const maskBlocksMax = 4096;

export interface CutterOptions {
  /** An irreducible polynomial over GF(2) of degree 53, as in a repository's config. */
  readonly polynomial: bigint;
  /** At least the window of 64 bytes; restic's are 512 KiB, 8 MiB and 20 bits. */
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

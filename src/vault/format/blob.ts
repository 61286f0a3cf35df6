/**
 * What the repository holds of one piece of content: where it lies in a pack, and how long it is.
 */
import { sealBytes } from "./seal.ts";

export type BlobKind = "data" | "tree";

/** A blob inside a pack. All lengths are in bytes. */
export interface PackedBlob {
  /** SHA-256 of the plain content, 32 bytes. */
  readonly id: Uint8Array;
  readonly kind: BlobKind;
  readonly offset: number;
  /** As it lies there: compressed and sealed. */
  readonly length: number;
  /** Of the plain content when it was compressed; 0 when it was not. */
  readonly plainLength: number;
}

/** Sealed and ready to be packed: a blob before it has a place. */
export interface SealedBlob extends Omit<PackedBlob, "offset" | "length"> {
  readonly bytes: Uint8Array;
}

/** The length of the plain content, compressed or not. */
export function contentLength(blob: Pick<PackedBlob, "length" | "plainLength">): number {
  return blob.plainLength === 0 ? blob.length - sealBytes : blob.plainLength;
}

/**
 * Sealed blobs become packs of about 16 MiB.
 *
 * K1. Blobs of files and of trees never share a pack, so that what is needed to look around is
 *     together.
 * K2. A blob goes to one of two open packs by chance, so that the sizes of packs do not tell which
 *     lengths the chunks of a file have (against the attack of "Chunking Attacks on File Backup
 *     Services", Truong et al., eprint 2025/532; restic does the same from 0.18 on).
 * K3. A pack that is given out is complete: blobs, sealed list, length of the list.
 * K4. Everything is copied: whoever brings a blob may use its memory again at once, and so may
 *     whoever has written a pack (`BlockPool`).
 * K5. What is open of a kind takes at most one and a half times the size of a pack, and the blob
 *     that came last: the fuller one is finished then.
 */
import { createHash, type Hash } from "node:crypto";
import { type BlobKind, type PackedBlob, type SealedBlob } from "../format/blob.ts";
import type { IndexedPack } from "../format/index-json.ts";
import { encodePackHeader, encodeTrailer } from "../format/pack-header.ts";
import { BlockPool } from "./block-pool.ts";
import type { Codec } from "./codec.ts";

export interface FinishedPack extends IndexedPack {
  /** To be written one after another. */
  readonly parts: readonly Uint8Array[];
  readonly sizeBytes: number;
  /** Its memory may be used again: it is written everywhere. */
  release(): void;
}

export interface PackerOptions {
  readonly codec: Codec;
  readonly randomBytes: (length: number) => Uint8Array;
  /** A pack is finished when it has at least so many; restic's default is 16 MiB. */
  readonly packBytes?: number;
}

const defaultPackBytes = 16 << 20;
/** A header must fit into what restic reads at once: 16 MiB, which are 400,000 blobs. */
const mostBlobs = 50_000;
/** The first block of a pack: most packs of a small change hold little. */
const firstBlockBytes = 128 << 10;
const openPacks = 2;
/** Of what a full pack takes (K5). */
const mostOpenPacks = 1.5;

export class Packer {
  readonly #options: PackerOptions;
  readonly #blocks = new BlockPool();
  readonly #open: Record<BlobKind, OpenPack[]>;

  constructor(options: PackerOptions) {
    this.#options = options;
    this.#open = { data: [], tree: [] };
  }

  /** The pack that became full by this blob. */
  add(blob: SealedBlob): FinishedPack | undefined {
    const packs = this.#open[blob.kind];
    while (packs.length < openPacks) packs.push(new OpenPack(this.#blocks));
    const chance = (this.#options.randomBytes(1)[0] ?? 0) % openPacks;
    packs[chance]?.add(blob);
    const fullest = packs.reduce((one, other) => (other.sizeBytes > one.sizeBytes ? other : one));
    const { packBytes = defaultPackBytes } = this.#options;
    const openBytes = packs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const isFull = fullest.sizeBytes >= packBytes || openBytes >= packBytes * mostOpenPacks;
    const full = isFull ? fullest : packs.find(({ blobCount }) => blobCount >= mostBlobs);
    if (full === undefined) return undefined;
    packs.splice(packs.indexOf(full), 1);
    return full.finish(this.#options.codec);
  }

  /** What is open, finished; what fits into one pack of a kind becomes one. */
  *finish(): Generator<FinishedPack> {
    const limit = this.#options.packBytes ?? defaultPackBytes;
    for (const kind of ["data", "tree"] as const) {
      const [first, ...others] = this.#open[kind].filter((pack) => pack.blobCount > 0);
      this.#open[kind] = [];
      if (first === undefined) continue;
      const left = others.filter((other) => !first.absorb(other, limit));
      for (const pack of [first, ...left]) yield pack.finish(this.#options.codec);
    }
  }
}

class OpenPack {
  readonly #blobs: PackedBlob[] = [];
  readonly #hash: Hash = createHash("sha256");
  readonly #parts: Uint8Array<ArrayBuffer>[] = [];
  readonly #blocks: BlockPool;
  #block = new Uint8Array();
  #blockUsed = 0;
  sizeBytes = 0;

  constructor(blocks: BlockPool) {
    this.#blocks = blocks;
  }

  get blobCount(): number {
    return this.#blobs.length;
  }

  add({ bytes, id, kind, plainLength }: SealedBlob): void {
    const { length } = bytes;
    this.#blobs.push({ id, kind, plainLength, offset: this.sizeBytes, length });
    this.#append(bytes);
  }

  /** False, and nothing done, when both together would be larger than a pack should be. */
  absorb(other: OpenPack, limitBytes: number): boolean {
    if (this.sizeBytes + other.sizeBytes > limitBytes) return false;
    const shift = this.sizeBytes;
    for (const blob of other.#blobs) this.#blobs.push({ ...blob, offset: blob.offset + shift });
    other.#closeBlock();
    for (const part of other.#parts) this.#append(part);
    this.#blocks.giveBack(other.#parts);
    return true;
  }

  finish(codec: Codec): FinishedPack {
    const header = codec.seal(encodePackHeader(this.#blobs));
    this.#append(header);
    this.#append(encodeTrailer(header.length));
    this.#closeBlock();
    const id = this.#hash.digest("hex");
    return {
      id,
      blobs: this.#blobs,
      parts: this.#parts,
      sizeBytes: this.sizeBytes,
      release: () => this.#blocks.giveBack(this.#parts.splice(0)),
    };
  }

  #append(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    for (let from = 0; from < bytes.length; ) {
      if (this.#blockUsed === this.#block.length) this.#openBlock();
      const piece = bytes.subarray(from, from + this.#block.length - this.#blockUsed);
      this.#block.set(piece, this.#blockUsed);
      this.#blockUsed += piece.length;
      from += piece.length;
      this.sizeBytes += piece.length;
    }
  }

  #openBlock(): void {
    this.#closeBlock();
    this.#block = this.#parts.length === 0 ? new Uint8Array(firstBlockBytes) : this.#blocks.take();
  }

  #closeBlock(): void {
    if (this.#blockUsed > 0) this.#parts.push(this.#block.subarray(0, this.#blockUsed));
    this.#block = new Uint8Array();
    this.#blockUsed = 0;
  }
}

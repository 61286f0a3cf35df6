/**
 * Stores what is not there yet.
 *
 * W1. A blob is stored unless every place that takes part holds it, or it is on its way already.
 */
import { Buffer } from "node:buffer";
import type { BlobKind, SealedBlob } from "../format/blob.ts";
import type { BlobIndex, LocationSet } from "../index/blob-index.ts";
import type { Codec } from "./codec.ts";
import type { Packer } from "./packer.ts";
import type { Place } from "./place.ts";
import type { Uploads } from "./uploads.ts";

export interface BlobWriterOptions {
  readonly index: BlobIndex;
  readonly packer: Packer;
  readonly uploads: Uploads;
  readonly codec: Codec;
  readonly places: readonly Place[];
}

export class BlobWriter {
  readonly #options: BlobWriterOptions;
  /** Wanted of somebody and not yet named by an index. */
  readonly #onTheirWay = new Set<string>();
  addedBlobs = 0;
  addedBytes = 0;

  constructor(options: BlobWriterOptions) {
    this.#options = options;
    options.uploads.onNamed = (blobs) => {
      for (const { id, kind } of blobs) this.#onTheirWay.delete(nameOf(id, kind));
    };
  }

  /** True once for each blob that is to be stored: who asked then brings it to `add`. */
  wants(id: Uint8Array, kind: BlobKind): boolean {
    const name = nameOf(id, kind);
    if (this.#onTheirWay.has(name)) return false;
    if (this.holds(id, kind)) return false;
    this.#onTheirWay.add(name);
    return true;
  }

  /** Whether every place that takes part has it already. */
  holds(id: Uint8Array, kind: BlobKind): boolean {
    const needed = this.#needed();
    return (this.#options.index.locationsOf(id, kind) & needed) === needed;
  }

  /** Resolves when there is room for more. */
  async add(blob: SealedBlob): Promise<void> {
    this.addedBlobs += 1;
    this.addedBytes += blob.bytes.length;
    const full = this.#options.packer.add(blob);
    if (full !== undefined) await this.#options.uploads.add(full);
  }

  /** When it resolves, everything is durable and named at each place that takes part still. */
  async flush(): Promise<void> {
    for (const pack of this.#options.packer.finish()) await this.#options.uploads.add(pack);
    await this.#options.uploads.nameAll();
    this.#onTheirWay.clear();
  }

  /** Of a place that drops out nobody needs anything any more. */
  #needed(): LocationSet {
    return this.#options.places.reduce(
      (set, place) => (place.takesPart ? set | place.bit : set),
      0,
    );
  }
}

function nameOf(id: Uint8Array, kind: BlobKind): string {
  return kind + Buffer.from(id.buffer, id.byteOffset, id.length).toString("latin1");
}

/**
 * Packs on their way to every place that takes part, and the index that names them.
 *
 * U1. The order at each place is pack, index, snapshot: whatever dies in between, what a place
 *     names is there.
 * U2. An index file holds only packs that every place named in the commit has.
 * U3. The memory of a pack is used again when every place has it. What still reads it then belongs
 *     to an attempt that was given up, which never becomes a file (`Location`, L1).
 * U4. At most `packsInFlight` packs are being written; who brings more waits.
 */
import type { PackedBlob } from "../format/blob.ts";
import { encodeIndex, type IndexedPack } from "../format/index-json.ts";
import { decodePackHeader, encodePackHeader } from "../format/pack-header.ts";
import type { BlobIndex } from "../index/blob-index.ts";
import type { Codec } from "./codec.ts";
import type { IndexLoader } from "./load-indexes.ts";
import type { FinishedPack } from "./packer.ts";
import { atEach, type Place } from "./place.ts";

export interface UploadOptions {
  readonly places: readonly Place[];
  readonly index: BlobIndex;
  readonly loader: IndexLoader;
  readonly codec: Codec;
  readonly packsInFlight?: number;
  readonly signal: AbortSignal;
}

/**
 * Blobs in one index file. Restic has up to 50,000; the text of so many takes more memory than all
 * else that a backup keeps, and what is named early needs no second upload after a kill.
 */
const mostBlobs = 20_000;

/** What waits to be named, as small as its pack tells it: 41 bytes a blob. */
class WaitingPack implements IndexedPack {
  readonly id: string;
  readonly #list: Uint8Array;

  constructor({ blobs, id }: IndexedPack) {
    this.id = id;
    this.#list = encodePackHeader(blobs);
  }

  get blobs(): readonly PackedBlob[] {
    return decodePackHeader(this.#list);
  }
}

export class Uploads {
  readonly #options: UploadOptions;
  readonly #inFlight = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;
  #unnamed: WaitingPack[] = [];
  #unnamedBlobs = 0;
  /** Hears of blobs that the index knows from now on. */
  onNamed: (blobs: readonly PackedBlob[]) => void = () => undefined;
  packCount = 0;
  sizeBytes = 0;

  constructor(options: UploadOptions) {
    this.#options = options;
  }

  /** Resolves when there is room for another pack, not when this one is written. */
  async add(pack: FinishedPack): Promise<void> {
    const { packsInFlight = 2, places, signal } = this.#options;
    while (this.#inFlight.size >= packsInFlight) await Promise.race(this.#inFlight);
    this.#throwFailure();
    const { id, parts, sizeBytes } = pack;
    const file = { kind: "pack", id } as const;
    const upload = atEach(places, (place) => place.location.put(file, parts, signal), signal)
      .then(
        () => (places.every((place) => place.takesPart) ? pack.release() : undefined),
        (error: unknown) => {
          this.#failure ??= { error };
        },
      )
      .finally(() => this.#inFlight.delete(upload));
    this.#inFlight.add(upload);
    this.packCount += 1;
    this.sizeBytes += sizeBytes;
    this.#unnamed.push(new WaitingPack(pack));
    this.#unnamedBlobs += pack.blobs.length;
    if (this.#unnamedBlobs >= mostBlobs) await this.nameAll();
  }

  /** Writes the index of all packs so far, once they are durable at each place. */
  async nameAll(): Promise<void> {
    const { codec, index, loader, places, signal } = this.#options;
    // Before the waiting: what somebody adds meanwhile is not there yet, and is named later (U1).
    const packs = this.#unnamed;
    this.#unnamed = [];
    this.#unnamedBlobs = 0;
    await Promise.all(this.#inFlight);
    this.#throwFailure();
    if (packs.length === 0) return;
    const { bytes, id } = codec.encodeFile(encodeIndex(packs));
    await atEach(
      places,
      async (place) => {
        await place.location.put({ kind: "index", id }, [bytes], signal);
        for (const pack of packs) index.add(pack, place.bit);
        loader.wrote(
          place,
          id,
          packs.map((pack) => pack.id),
        );
      },
      signal,
    );
    for (const pack of packs) this.onNamed(pack.blobs);
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

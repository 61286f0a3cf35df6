/**
 * Brings the index in memory to what the locations list now.
 *
 * Index files are named after their content, so one that several locations hold is read once, and
 * one that was read before is not read again. When somebody else has pruned, files are gone: the
 * location then loses the packs that only those named.
 *
 * N1. A damaged file comes back from a location that has it as it was written, and is told. Only
 *     when nobody has it so, it is `Damage`: the packs themselves have to be asked (`heal`).
 */
import { Damage } from "../format/damage.ts";
import { decodeIndex, type IndexFile } from "../format/index-json.ts";
import type { BlobIndex } from "../index/blob-index.ts";
import { LocationFault } from "../location.ts";
import type { FoundDamage } from "./blob-reader.ts";
import type { Codec } from "./codec.ts";
import type { Place } from "./place.ts";

/** Index files that are read at once. */
const readsAtOnce = 4;
const mostIndexFiles = 100_000;

export interface IndexLoaderOptions {
  readonly index: BlobIndex;
  readonly codec: Codec;
  /** Of the vault: any of them may have what another one lost. */
  readonly places: readonly Place[];
  readonly onDamage: (damage: FoundDamage) => void;
}

export class IndexLoader {
  readonly #options: IndexLoaderOptions;
  readonly #index: BlobIndex;
  /** The packs that an index file names; files are small in number, packs are tens of each. */
  readonly #packsOf = new Map<string, readonly string[]>();
  /** What each place listed last. */
  readonly #listed = new Map<Place, ReadonlySet<string>>();

  constructor(options: IndexLoaderOptions) {
    this.#options = options;
    this.#index = options.index;
  }

  /** @throws LocationFault, Damage (N1) */
  async refresh(place: Place, signal: AbortSignal): Promise<void> {
    const ids = new Set<string>();
    for await (const { id } of place.location.list("index", signal)) {
      ids.add(id);
      if (ids.size > mostIndexFiles) break;
    }
    const before = this.#listed.get(place) ?? new Set();
    if ([...before].some((id) => !ids.has(id))) {
      this.#index.forget(place.bit);
      this.#listed.delete(place);
      return this.#take(place, ids, signal);
    }
    const fresh = new Set([...ids].filter((id) => !before.has(id)));
    await this.#take(place, fresh, signal);
    this.#listed.set(place, ids);
  }

  /** What we wrote ourselves needs no reading. */
  wrote(place: Place, id: string, packs: readonly string[]): void {
    this.#packsOf.set(id, packs);
    this.#listed.set(place, new Set([...(this.#listed.get(place) ?? []), id]));
  }

  /** The index files of a place as it was read last, and the packs that each names. */
  filesAt(place: Place): ReadonlyMap<string, readonly string[]> {
    const ids = [...(this.#listed.get(place) ?? [])];
    return new Map(ids.map((id) => [id, this.#packsOf.get(id) ?? []]));
  }

  async #take(place: Place, ids: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    const waiting = [...ids];
    const reader = async (): Promise<void> => {
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
        await this.#takeOne(place, id, signal);
      }
    };
    await Promise.all(Array.from({ length: readsAtOnce }, reader));
    this.#listed.set(place, new Set([...(this.#listed.get(place) ?? []), ...ids]));
  }

  async #takeOne(place: Place, id: string, signal: AbortSignal): Promise<void> {
    const known = this.#packsOf.get(id);
    if (known !== undefined) {
      for (const pack of known) this.#index.add({ id: pack, blobs: [] }, place.bit);
      return;
    }
    const { packs } = await this.#read(place, id, signal);
    for (const pack of packs) this.#index.add(pack, place.bit);
    this.#packsOf.set(
      id,
      packs.map((pack) => pack.id),
    );
  }

  async #read(place: Place, id: string, signal: AbortSignal): Promise<IndexFile> {
    const { codec, onDamage, places } = this.#options;
    const file = { kind: "index", id } as const;
    try {
      return decodeIndex(codec.decodeFile(await place.location.get(file, signal), id));
    } catch (error) {
      if (!(error instanceof Damage)) throw error;
      onDamage({ location: place.name, kind: "index", id, reason: error.message });
      for (const other of places) {
        if (other === place) continue;
        const found = await this.#repair(place, { other, id, signal });
        if (found !== undefined) return found;
      }
      throw error;
    }
  }

  async #repair(
    { location }: Place,
    {
      id,
      other,
      signal,
    }: { readonly id: string; readonly other: Place; readonly signal: AbortSignal },
  ): Promise<IndexFile | undefined> {
    const file = { kind: "index", id } as const;
    try {
      const bytes = await other.location.get(file, signal);
      const sound = decodeIndex(this.#options.codec.decodeFile(bytes, id));
      if (!location.traits.isAppendOnly) await location.replace(file, [bytes], signal);
      return sound;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Damage || error instanceof LocationFault) return undefined;
      throw error;
    }
  }
}

/**
 * Brings the index in memory to what the locations list now.
 *
 * Index files are named after their content, so one that several locations hold is read once, and
 * one that was read before is not read again. When somebody else has pruned, files are gone: the
 * location then loses the packs that only those named.
 *
 * N1. A damaged file comes back from a location that has it as it was written, and is told. Only
 *     when nobody has it so, it is `Damage`: the packs themselves have to be asked (`heal`).
 * N2. A location has the packs that its listed files name, and no others, at every moment: a file
 *     is noted together with its packs, also when the next one cannot be read.
 * N3. What is new is read first; what is gone goes in one step afterwards. Who looks at the index
 *     meanwhile, without a lock, finds all that was there before.
 * N4. A list that is too long is refused: who took a part of it would take the rest for missing.
 */
import { Damage } from "../format/damage.ts";
import { decodeIndex, type IndexFile } from "../format/index-json.ts";
import type { BlobIndex } from "../index/blob-index.ts";
import { LocationFault } from "../location.ts";
import type { FoundDamage } from "./blob-reader.ts";
import type { Codec } from "./codec.ts";
import type { Place } from "./place.ts";
import { readFile } from "./read-file.ts";

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
  readonly #listed = new Map<Place, Set<string>>();

  constructor(options: IndexLoaderOptions) {
    this.#options = options;
    this.#index = options.index;
  }

  /** @throws LocationFault (also N4), Damage (N1) */
  async refresh(place: Place, signal: AbortSignal): Promise<void> {
    const before = [...this.#listedAt(place)];
    const ids = new Set<string>();
    for await (const { id } of place.location.list("index", signal)) {
      ids.add(id);
      if (ids.size > mostIndexFiles) throw tooMany(place);
    }
    await this.#take(place, ids, signal);
    const gone = before.filter((id) => !ids.has(id));
    if (gone.length > 0) this.#drop(place, gone);
  }

  /** What we wrote ourselves needs no reading. */
  wrote(place: Place, id: string, packs: readonly string[]): void {
    this.#packsOf.set(id, packs);
    this.#note(place, id);
  }

  /** The index files of a place as it was read last, and the packs that each names. */
  filesAt(place: Place): ReadonlyMap<string, readonly string[]> {
    return new Map([...this.#listedAt(place)].map((id) => [id, this.#packsOf.get(id) ?? []]));
  }

  #listedAt(place: Place): ReadonlySet<string> {
    return this.#listed.get(place) ?? new Set();
  }

  #note(place: Place, id: string): void {
    const listed = this.#listed.get(place) ?? new Set();
    this.#listed.set(place, listed.add(id));
  }

  /** All readers have ended when it settles, so that nothing is added afterwards. */
  async #take(place: Place, ids: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    const waiting = [...ids].filter((id) => !this.#listedAt(place).has(id));
    const reader = async (): Promise<void> => {
      try {
        for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
          await this.#takeOne(place, id, signal);
        }
      } finally {
        waiting.length = 0;
      }
    };
    const readers = await Promise.allSettled(Array.from({ length: readsAtOnce }, reader));
    for (const each of readers) if (each.status === "rejected") throw each.reason;
  }

  /** Nothing is awaited between the packs and the note (N2). */
  async #takeOne(place: Place, id: string, signal: AbortSignal): Promise<void> {
    if (!this.#packsOf.has(id)) {
      const { packs } = await this.#read(place, id, signal);
      for (const pack of packs) this.#index.add(pack, place.bit);
      this.#packsOf.set(
        id,
        packs.map((pack) => pack.id),
      );
    }
    this.#addKnown(place, id);
    this.#note(place, id);
  }

  #addKnown(place: Place, id: string): void {
    for (const pack of this.#packsOf.get(id) ?? []) {
      this.#index.add({ id: pack, blobs: [] }, place.bit);
    }
  }

  /** N3. What we wrote while the others were read stays. */
  #drop(place: Place, gone: readonly string[]): void {
    const listed = this.#listed.get(place);
    for (const id of gone) listed?.delete(id);
    this.#index.forget(place.bit);
    for (const id of this.#listedAt(place)) this.#addKnown(place, id);
    const others = [...this.#listed.values()];
    for (const id of gone) if (!others.some((ids) => ids.has(id))) this.#packsOf.delete(id);
  }

  async #read(place: Place, id: string, signal: AbortSignal): Promise<IndexFile> {
    const { codec, onDamage, places } = this.#options;
    const file = { kind: "index", id } as const;
    try {
      return decodeIndex(codec.decodeFile(await readFile(place.location, file, signal), id));
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

function tooMany({ name }: Place): LocationFault {
  const message = `${name} lists more than ${mostIndexFiles} index files: merge them with prune`;
  return new LocationFault("strange", message);
}

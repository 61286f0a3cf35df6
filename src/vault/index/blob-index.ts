/**
 * Every blob of every location, in memory: about 55 bytes each, so that a million files fit.
 *
 * Ids lie one after another in blocks of bytes, the numbers that belong to them in blocks of words,
 * and a table of slots (open addressing, linear probing) finds them by the first four bytes of the
 * id, which are as good as chance already. Nothing is ever moved but the slots.
 *
 * I1. A pack knows which locations list it. A blob is held by a location when one of its packs is.
 * I2. The same blob may lie in several packs; all its places are kept.
 * I3. What is forgotten stays in the blocks until they are `compact`ed: `forget` is for locations
 *     that are read again, not for single blobs.
 * I4. Places of blobs are numbered from 0 as they become known, and keep their numbers until
 *     `compact`; those of one pack follow each other. So what is to be noted of each blob fits into
 *     an array.
 */
import { assert } from "../../kernel/index.ts";
import type { BlobKind, PackedBlob } from "../format/blob.ts";
import type { IndexedPack } from "../format/index-json.ts";

/** A set of locations: bit n is the n-th location of the vault. */
export type LocationSet = number;

/** One bit each in a 32-bit word, the sign left alone. */
export const mostLocations = 31;

export interface BlobPlace extends Omit<PackedBlob, "id"> {
  readonly pack: string;
  readonly locations: LocationSet;
}

const idBytes = 32;
const blobsInBlock = 1 << 14;
const words = 4;
const treeBit = 0x8000_0000;

/** A pack as the index knows it: its blobs have the numbers from `first` on. */
export interface KnownPack {
  readonly id: string;
  readonly locations: LocationSet;
  readonly first: number;
  readonly count: number;
}

interface Pack extends KnownPack {
  locations: LocationSet;
}

export class BlobIndex {
  #ids: Uint8Array[] = [];
  /** For each blob: pack, offset, length, plain length with the kind in its highest bit. */
  #words: Uint32Array[] = [];
  #packs: Pack[] = [];
  #packNumbers = new Map<string, number>();
  #slots = new Int32Array(1 << 12).fill(-1);
  #count = 0;

  get size(): number {
    return this.#count;
  }

  /** Packs that at least one location lists. */
  *packs(): Generator<KnownPack> {
    for (const pack of this.#packs) if (pack.locations !== 0) yield pack;
  }

  /** Locations that list the pack. */
  holdersOf(pack: string): LocationSet {
    const number = this.#packNumbers.get(pack);
    return number === undefined ? 0 : (this.#packs[number]?.locations ?? 0);
  }

  /** Where the last blob of the pack ends; 0 for a pack that is not known. */
  endOf(pack: string): number {
    const { count, first } = this.#packs[this.#packNumbers.get(pack) ?? -1] ?? {
      count: 0,
      first: 0,
    };
    let end = 0;
    for (let number = first; number < first + count; number += 1) {
      end = Math.max(end, this.#word(number, 1) + this.#word(number, 2));
    }
    return end;
  }

  /** What an index of those locations says. A pack that is known already gains the locations. */
  add(added: IndexedPack, locations: LocationSet): void {
    const { id } = added;
    const known = this.#packNumbers.get(id);
    if (known !== undefined) {
      const pack = this.#packs[known];
      if (pack) pack.locations |= locations;
      return;
    }
    const { blobs } = added;
    const number = this.#packs.length;
    this.#packs.push({ id, locations, first: this.#count, count: blobs.length });
    this.#packNumbers.set(id, number);
    for (const blob of blobs) this.#insert(blob, number);
  }

  /** The location no longer lists any of the packs, as far as this index knows. */
  forget(locations: LocationSet): void {
    for (const pack of this.#packs) pack.locations &= ~locations;
  }

  /** Gives back the room of packs that no location lists, if it is most of it (I3, I4). */
  compact(): void {
    let listedCount = 0;
    for (const { count } of this.packs()) listedCount += count;
    if (this.#count < blobsInBlock || listedCount * 2 > this.#count) return;
    const fresh = new BlobIndex();
    for (const pack of this.packs()) {
      fresh.add({ id: pack.id, blobs: [...this.blobsOf(pack)] }, pack.locations);
    }
    this.#ids = fresh.#ids;
    this.#words = fresh.#words;
    this.#packs = fresh.#packs;
    this.#packNumbers = fresh.#packNumbers;
    this.#slots = fresh.#slots;
    this.#count = fresh.#count;
  }

  /** Where the blob lies, in the order in which the places became known. */
  find(id: Uint8Array, kind: BlobKind): readonly BlobPlace[] {
    const places: BlobPlace[] = [];
    for (let slot = this.#firstSlot(id); ; slot = this.#nextSlot(slot)) {
      const at = this.#slots[slot] ?? -1;
      if (at < 0) return places;
      if (this.#isAt(id, at)) {
        const place = this.#place(at);
        if (place.kind === kind && place.locations !== 0) places.push(place);
      }
    }
  }

  /** The locations that hold the blob. */
  locationsOf(id: Uint8Array, kind: BlobKind): LocationSet {
    let locations = 0;
    for (let slot = this.#firstSlot(id); ; slot = this.#nextSlot(slot)) {
      const at = this.#slots[slot] ?? -1;
      if (at < 0) return locations;
      if (this.#isAt(id, at) && this.#word(at, 3) >= treeBit === (kind === "tree")) {
        locations |= this.#packs[this.#word(at, 0)]?.locations ?? 0;
      }
    }
  }

  /** The numbers under which the blob is known, one for each of its places (I4). */
  numbersOf(id: Uint8Array, kind: BlobKind): readonly number[] {
    const numbers: number[] = [];
    for (let slot = this.#firstSlot(id); ; slot = this.#nextSlot(slot)) {
      const at = this.#slots[slot] ?? -1;
      if (at < 0) return numbers;
      if (!this.#isAt(id, at) || this.#word(at, 3) >= treeBit !== (kind === "tree")) continue;
      if (this.#packs[this.#word(at, 0)]?.locations !== 0) numbers.push(at);
    }
  }

  /** @param number below `size`; the id is a view, which never changes */
  blobAt(number: number): PackedBlob & BlobPlace {
    const within = (number % blobsInBlock) * idBytes;
    const id = this.#ids[Math.floor(number / blobsInBlock)]?.subarray(within, within + idBytes);
    assert(id !== undefined && number < this.#count, "the number of a blob that is known");
    return { id, ...this.#place(number) };
  }

  *blobsOf({ count, first }: KnownPack): Generator<PackedBlob & BlobPlace> {
    for (let number = first; number < first + count; number += 1) yield this.blobAt(number);
  }

  #insert({ id, kind, offset, length, plainLength }: PackedBlob, pack: number): void {
    assert(id.length === idBytes, "the id of a blob has 32 bytes");
    const at = this.#count;
    const [block, within] = [Math.floor(at / blobsInBlock), at % blobsInBlock];
    const ids = (this.#ids[block] ??= new Uint8Array(blobsInBlock * idBytes));
    const numbers = (this.#words[block] ??= new Uint32Array(blobsInBlock * words));
    ids.set(id, within * idBytes);
    const kindBit = kind === "tree" ? treeBit : 0;
    numbers.set([pack, offset, length, plainLength + kindBit], within * words);
    this.#count += 1;
    if (this.#count * 2 > this.#slots.length) this.#grow();
    else this.#settle(at);
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
    for (let at = 0; at < this.#count; at += 1) this.#settle(at);
  }

  #settle(at: number): void {
    const within = (at % blobsInBlock) * idBytes;
    const ids = this.#ids[Math.floor(at / blobsInBlock)];
    assert(ids !== undefined, "a block for every blob");
    let slot = this.#firstSlot(ids, within);
    while ((this.#slots[slot] ?? -1) >= 0) slot = this.#nextSlot(slot);
    this.#slots[slot] = at;
  }

  #firstSlot(id: Uint8Array, from = 0): number {
    const [a = 0, b = 0, c = 0, d = 0] = [id[from], id[from + 1], id[from + 2], id[from + 3]];
    return (a | (b << 8) | (c << 16) | (d << 24)) & (this.#slots.length - 1);
  }

  #nextSlot(slot: number): number {
    return (slot + 1) & (this.#slots.length - 1);
  }

  #isAt(id: Uint8Array, at: number): boolean {
    const ids = this.#ids[Math.floor(at / blobsInBlock)];
    const within = (at % blobsInBlock) * idBytes;
    for (let byte = 0; byte < idBytes; byte += 1) {
      if (ids?.[within + byte] !== id[byte]) return false;
    }
    return true;
  }

  #word(at: number, word: number): number {
    return this.#words[Math.floor(at / blobsInBlock)]?.[(at % blobsInBlock) * words + word] ?? 0;
  }

  #place(at: number): BlobPlace {
    const pack = this.#packs[this.#word(at, 0)];
    assert(pack !== undefined, "a pack for every blob");
    const last = this.#word(at, 3);
    return {
      pack: pack.id,
      locations: pack.locations,
      kind: last >= treeBit ? "tree" : "data",
      offset: this.#word(at, 1),
      length: this.#word(at, 2),
      plainLength: last % treeBit,
    };
  }
}

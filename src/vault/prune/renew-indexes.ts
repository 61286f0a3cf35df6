/**
 * Indexes that name what is kept, instead of those that also name what goes, and instead of the
 * many small ones that frequent backups leave behind.
 *
 * X1. The new ones are durable before any old one goes, and together with the old ones that stay
 *     they name every kept pack that the place named before.
 * X2. Places that hold the same packs get the same files.
 */
import { encodeIndex, type IndexedPack, mostIndexBlobs } from "../format/index-json.ts";
import type { KnownPack, LocationSet } from "../index/blob-index.ts";
import { atEach, type Place } from "../repository/place.ts";
import type { Session } from "../repository/session.ts";

/** Blobs of a file that is not worth being written again. */
const fullBlobs = 25_000;

export interface RenewedIndexes {
  /** Ids of the files that are to go, by place. */
  readonly replaced: ReadonlyMap<Place, readonly string[]>;
  readonly written: ReadonlyMap<Place, readonly string[]>;
}

export interface RenewOptions {
  readonly places: readonly Place[];
  readonly kept: ReadonlySet<string>;
  /** The files of each place before anything new was written: only those are replaced. */
  readonly before: ReadonlyMap<Place, ReadonlyMap<string, readonly string[]>>;
  readonly smallIndexesMax: number;
}

export async function renewIndexes(
  { signal, vault }: Session,
  options: RenewOptions,
): Promise<RenewedIndexes> {
  const { codec, index, loader } = vault;
  const packs = new Map([...index.packs()].map((pack) => [pack.id, pack]));
  const replaced = new Map<Place, readonly string[]>();
  const unnamed = new Map<string, LocationSet>();
  for (const place of options.places) {
    const old = toReplace(options, place, packs);
    replaced.set(place, old);
    for (const id of leftUnnamed(loader.filesAt(place), old)) {
      if (options.kept.has(id)) unnamed.set(id, (unnamed.get(id) ?? 0) | place.bit);
    }
  }
  const written = new Map<Place, string[]>(options.places.map((place) => [place, []]));
  const write = async (named: readonly IndexedPack[], set: LocationSet): Promise<void> => {
    const { bytes, id } = codec.encodeFile(encodeIndex(named));
    const ids = named.map((pack) => pack.id);
    const holders = options.places.filter(({ bit }) => (bit & set) !== 0);
    const put = async (place: Place): Promise<void> => {
      await place.location.put({ kind: "index", id }, [bytes], signal);
      loader.wrote(place, id, ids);
      written.get(place)?.push(id);
    };
    await atEach(holders, put, signal);
  };
  for (const set of new Set(unnamed.values())) {
    let named: IndexedPack[] = [];
    let blobs = 0;
    for (const pack of packs.values()) {
      if (unnamed.get(pack.id) !== set) continue;
      named.push({ id: pack.id, blobs: [...index.blobsOf(pack)] });
      blobs += pack.count;
      if (blobs < mostIndexBlobs) continue;
      await write(named, set);
      [named, blobs] = [[], 0];
    }
    if (named.length > 0) await write(named, set);
  }
  return { replaced, written };
}

/** Those that name what goes; and when there are any, or too many, all that are small. */
function toReplace(
  { before, kept, smallIndexesMax }: RenewOptions,
  place: Place,
  packs: ReadonlyMap<string, KnownPack>,
): readonly string[] {
  const files = [...(before.get(place) ?? [])];
  const stale = files.filter(([, named]) => named.some((id) => !kept.has(id)));
  const small = files.filter(([, named]) => {
    const blobs = named.reduce((sum, id) => sum + (packs.get(id)?.count ?? 0), 0);
    return blobs < fullBlobs;
  });
  const isDue = stale.length > 0 || small.length > smallIndexesMax;
  return isDue ? [...new Set([...stale, ...small].map(([id]) => id))] : [];
}

/** What only the old files name. */
function leftUnnamed(
  files: ReadonlyMap<string, readonly string[]>,
  old: readonly string[],
): ReadonlySet<string> {
  const going = new Set(old);
  const staying = [...files].filter(([id]) => !going.has(id));
  const named = new Set(staying.flatMap(([, packs]) => packs));
  const left = old.flatMap((id) => files.get(id) ?? []);
  return new Set(left.filter((pack) => !named.has(pack)));
}

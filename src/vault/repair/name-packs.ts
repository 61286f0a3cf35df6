/** Index files for packs that lie at a location already, and the end of those that are wrong. */

import { packListOf } from "../check/check-pack.ts";
import type { PlaceSurvey, Survey } from "../check/survey.ts";
import { Damage } from "../format/damage.ts";
import { hexOfId } from "../format/ids.ts";
import {
  decodeIndex,
  encodeIndex,
  type IndexedPack,
  mostIndexBlobs,
} from "../format/index-json.ts";
import { type FileName, LocationFault } from "../location.ts";
import type { RepairWork } from "./repair-work.ts";

/** Holds the list of a pack of 1500 blobs: mostly one request is enough. */
const tailBytes = 64 * 1024;

/** False: not all could be written. */
export async function namePacks(
  work: RepairWork,
  { indexes, place }: PlaceSurvey,
  packs: readonly IndexedPack[],
): Promise<boolean> {
  const { codec } = work.session.vault;
  let group: IndexedPack[] = [];
  let blobs = 0;
  const write = async (): Promise<boolean> => {
    if (group.length === 0) return true;
    const { bytes, id } = codec.encodeFile(encodeIndex(group));
    const named = group.map((pack) => pack.id);
    [group, blobs] = [[], 0];
    const file = { kind: "index", id } as const;
    if (!(await work.write(place, file, { parts: [bytes], how: "named" }))) return false;
    indexes.set(id, named);
    return true;
  };
  for (const pack of packs) {
    if (blobs + pack.blobs.length > mostIndexBlobs && !(await write())) return false;
    group.push(pack);
    blobs += pack.blobs.length;
  }
  return await write();
}

/**
 * Takes packs out of the indexes of a location, whose other packs stay named all the time.
 *
 * @returns false when an index that names them is still there
 */
export async function unnamePacks(
  work: RepairWork,
  seen: PlaceSurvey,
  packs: ReadonlySet<string>,
): Promise<boolean> {
  const { codec } = work.session.vault;
  for (const [id, named] of Array.from(seen.indexes)) {
    if (!named.some((pack) => packs.has(pack))) continue;
    const file: FileName = { kind: "index", id };
    const bytes = await work.sound(file, [seen.place]);
    if (bytes === undefined) return false;
    const { packs: before } = decodeIndex(codec.decodeFile(bytes, id));
    const kept = before.filter((pack) => !packs.has(pack.id));
    if (!(await namePacks(work, seen, kept))) return false;
    if (!(await work.remove(seen.place, file))) return false;
    seen.indexes.delete(id);
  }
  return true;
}

/** What the indexes of any location say of packs; each index is read once at most. */
export async function namedPacks(
  work: RepairWork,
  { places }: Survey,
  packs: ReadonlySet<string>,
): Promise<Map<string, IndexedPack>> {
  const { codec } = work.session.vault;
  const found = new Map<string, IndexedPack>();
  for (const { indexes, place } of places) {
    for (const [id, named] of indexes) {
      if (!named.some((pack) => packs.has(pack) && !found.has(pack))) continue;
      const bytes = await work.sound({ kind: "index", id }, [place]);
      if (bytes === undefined) continue;
      for (const pack of decodeIndex(codec.decodeFile(bytes, id)).packs) {
        if (packs.has(pack.id)) found.set(pack.id, pack);
      }
    }
  }
  return found;
}

/**
 * What a pack says of itself that no index names. Any file may lie under its name: where the
 * locations are not of one mind, the copy that has the hash of the name is believed.
 */
export async function listedPackOf(
  work: RepairWork,
  { places }: Survey,
  id: string,
): Promise<IndexedPack | undefined> {
  const holders = places.filter(({ packs }) => packs.has(id));
  const lists = new Map<string, IndexedPack>();
  for (const seen of holders) {
    const listed = await listedPack(work, seen, id);
    if (listed !== undefined) lists.set(wordsOf(listed), listed);
  }
  const [first] = lists.values();
  if (lists.size <= 1) return first;
  const file: FileName = { kind: "pack", id };
  const bytes = await work.sound(
    file,
    holders.map(({ place }) => place),
  );
  return bytes && { id, blobs: packListOf(bytes, work.session.vault.codec) };
}

/** Equal for packs that hold the same blobs at the same places. */
export function wordsOf({ blobs }: IndexedPack): string {
  const sorted = blobs.toSorted((left, right) => left.offset - right.offset);
  return sorted.map(({ id, length, offset }) => `${hexOfId(id)} ${offset} ${length}`).join("\n");
}

/** What a pack at a location says of itself; undefined when its list is not sound. */
export async function listedPack(
  work: RepairWork,
  { packs, place }: PlaceSurvey,
  id: string,
): Promise<IndexedPack | undefined> {
  const sizeBytes = packs.get(id) ?? 0;
  const { codec } = work.session.vault;
  for (const length of [Math.min(sizeBytes, tailBytes), sizeBytes]) {
    if (length === 0) return undefined;
    try {
      const range = { offset: sizeBytes - length, length };
      const tail = await place.location.get({ kind: "pack", id }, work.session.signal, range);
      return { id, blobs: packListOf(tail, codec, sizeBytes) };
    } catch (error) {
      work.session.signal.throwIfAborted();
      if (!(error instanceof Damage) && !(error instanceof LocationFault)) throw error;
    }
  }
  return undefined;
}

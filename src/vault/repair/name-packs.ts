/** Index files for packs that lie at a location already, and the end of those that are wrong. */

import { packListOf } from "../check/check-pack.ts";
import type { PlaceSurvey, Survey } from "../check/survey.ts";
import { Damage } from "../format/damage.ts";
import { decodeIndex, encodeIndex, type IndexedPack } from "../format/index-json.ts";
import { type FileName, LocationFault } from "../location.ts";
import type { RepairWork } from "./repair-work.ts";

/** Of one index file, as restic limits it. */
const mostBlobs = 50_000;
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
    if (blobs + pack.blobs.length > mostBlobs && !(await write())) return false;
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

/** What the indexes of any location say of a pack. */
export async function namedPack(
  work: RepairWork,
  { places }: Survey,
  pack: string,
): Promise<IndexedPack | undefined> {
  const { codec } = work.session.vault;
  for (const { indexes, place } of places) {
    for (const [id, named] of indexes) {
      if (!named.includes(pack)) continue;
      const bytes = await work.sound({ kind: "index", id }, [place]);
      if (bytes === undefined) continue;
      const { packs } = decodeIndex(codec.decodeFile(bytes, id));
      const found = packs.find((each) => each.id === pack);
      if (found !== undefined) return found;
    }
  }
  return undefined;
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

/**
 * Puts the many small index files that frequent backups leave behind together, and does nothing
 * else: `prune` does it as well, and looks at everything.
 *
 * I1. The new files are durable and were read again before an old one goes.
 */
import { atEach, type Place } from "../repository/place.ts";
import type { Session } from "../repository/session.ts";
import { readNew } from "./read-back.ts";
import { renewIndexes } from "./renew-indexes.ts";

export interface MergeOptions {
  /** With no more small files than that at a place, nothing is done there. */
  readonly smallIndexesMax: number;
}

/**
 * @param session exclusive: who reads the list of files must find those that it names
 * @returns how many files went, at all places together
 * @throws Damage (I1)
 */
export async function mergeIndexes(
  session: Session,
  { smallIndexesMax }: MergeOptions,
): Promise<number> {
  const { confirm, signal, vault } = session;
  const { index, loader } = vault;
  const places = vault.places.filter(
    ({ location, takesPart }) => takesPart && !location.traits.isAppendOnly,
  );
  const before = new Map(places.map((place) => [place, loader.filesAt(place)]));
  const kept = new Set([...index.packs()].map(({ id }) => id));
  const renewed = await renewIndexes(session, { places, kept, before, smallIndexesMax });
  let removed = 0;
  const swap = async (place: Place): Promise<void> => {
    const going = renewed.replaced.get(place) ?? [];
    if (going.length === 0) return;
    const newIndexes = renewed.written.get(place) ?? [];
    await readNew(session, place, { newIndexes, newPacks: [] });
    for (const id of going) {
      await confirm();
      await place.location.remove({ kind: "index", id }, signal);
      removed += 1;
    }
    await loader.refresh(place, signal);
  };
  await atEach(places, swap, signal);
  return removed;
}

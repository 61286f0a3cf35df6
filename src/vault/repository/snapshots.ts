/** The snapshots of the places, as their union: a snapshot is there when one place holds it. */
import { Damage } from "../format/damage.ts";
import {
  decodeSnapshot,
  encodeSnapshot,
  type Snapshot,
  type StoredSnapshot,
} from "../format/snapshot-json.ts";
import type { LocationSet } from "../index/blob-index.ts";
import { LocationFault } from "../location.ts";
import { atEach, type Place } from "./place.ts";
import { readFile } from "./read-file.ts";
import type { Access, Session } from "./session.ts";

export interface HeldSnapshot extends StoredSnapshot {
  readonly locations: LocationSet;
}

export interface GatheredSnapshots {
  /** Oldest first by their own times. */
  readonly snapshots: readonly HeldSnapshot[];
  /** Ids of those that no place gives whole. */
  readonly unreadable: readonly string[];
}

/** Oldest first by their own times. What cannot be read is in no result, and is told as damage. */
export async function listSnapshots(session: Access): Promise<readonly HeldSnapshot[]> {
  return (await gatherSnapshots(session)).snapshots;
}

/** For whoever must know that there is something that cannot be read. */
export async function gatherSnapshots({ signal, vault }: Access): Promise<GatheredSnapshots> {
  const found = new Map<string, LocationSet>();
  const list = async (place: Place): Promise<void> => {
    for await (const { id } of place.location.list("snapshot", signal)) {
      found.set(id, (found.get(id) ?? 0) | place.bit);
    }
  };
  await atEach(vault.places, list, signal);
  const snapshots: HeldSnapshot[] = [];
  const unreadable: string[] = [];
  for (const [id, locations] of found) {
    const snapshot = await readSnapshot({ vault, signal }, id, locations);
    if (snapshot === undefined) unreadable.push(id);
    else snapshots.push({ ...snapshot, id, locations });
  }
  const ordered = snapshots.toSorted(byTimeAndId);
  return { snapshots: ordered, unreadable };
}

/** By their ids where their times are equal, so that the order is the same for everybody. */
export function byTimeAndId(
  left: Pick<HeldSnapshot, "timeNs" | "id">,
  right: Pick<HeldSnapshot, "timeNs" | "id">,
): number {
  if (left.timeNs !== right.timeNs) return left.timeNs < right.timeNs ? -1 : 1;
  if (left.id === right.id) return 0;
  return left.id < right.id ? -1 : 1;
}

async function readSnapshot(
  { signal, vault }: Access,
  id: string,
  locations: LocationSet,
): Promise<Snapshot | undefined> {
  for (const { bit, location, name } of vault.places) {
    if ((bit & locations) === 0) continue;
    try {
      const bytes = await readFile(location, { kind: "snapshot", id }, signal);
      return decodeSnapshot(vault.codec.decodeFile(bytes, id));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Damage) {
        vault.reader.tell({ location: name, kind: "snapshot", id, reason: error.message });
      } else if (!(error instanceof LocationFault)) throw error;
    }
  }
  return undefined;
}

/** @returns its id; it is durable at each place that takes part still */
export async function writeSnapshot(
  { confirm, signal, vault }: Session,
  snapshot: Snapshot,
): Promise<string> {
  await confirm();
  const { bytes, id } = vault.codec.encodeFile(encodeSnapshot(snapshot));
  const put = (place: Place): Promise<void> =>
    place.location.put({ kind: "snapshot", id }, [bytes], signal);
  await atEach(vault.places, put, signal);
  return id;
}

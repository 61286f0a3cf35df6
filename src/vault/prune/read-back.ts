/**
 * Looks whether a place holds what it will be left with, before anything old goes.
 *
 * B1. New packs and new indexes are read whole and have their hashes; kept packs are listed with
 *     their sizes.
 */
import { Damage } from "../format/damage.ts";
import type { LocationSet } from "../index/blob-index.ts";
import { hexDigestOf } from "../repository/codec.ts";
import type { Place } from "../repository/place.ts";
import { readFile } from "../repository/read-file.ts";
import type { Access } from "../repository/session.ts";

export interface ExpectedFiles {
  readonly kept: readonly {
    readonly id: string;
    readonly sizeBytes: number;
    readonly locations: LocationSet;
  }[];
  /** Ids of packs that were just written. */
  readonly newPacks: readonly string[];
  /** Ids of indexes that were just written. */
  readonly newIndexes: readonly string[];
  /** Behind each new pack that was read. */
  readonly onPack?: () => void;
}

/** @throws Damage (B1), LocationFault */
export async function readBack(
  { signal, vault }: Access,
  place: Place,
  { kept, ...fresh }: ExpectedFiles,
): Promise<void> {
  const sizes = new Map<string, number>();
  for await (const { id, sizeBytes } of place.location.list("pack", signal)) {
    sizes.set(id, sizeBytes);
  }
  for (const { id, locations, sizeBytes } of kept) {
    if ((locations & place.bit) === 0 || sizes.get(id) === sizeBytes) continue;
    const reason = `${sizes.get(id) ?? "no"} bytes instead of ${sizeBytes}`;
    vault.reader.tell({ location: place.name, kind: "pack", id, reason });
    throw new Damage(`${place.name}: the pack ${id}: ${reason}`);
  }
  await readNew({ signal, vault }, place, fresh);
}

/** B1, of what is new alone. */
export async function readNew(
  { signal }: Access,
  place: Place,
  { newIndexes, newPacks, onPack }: Omit<ExpectedFiles, "kept">,
): Promise<void> {
  for (const kind of ["pack", "index"] as const) {
    for (const id of kind === "pack" ? newPacks : newIndexes) {
      const bytes = await readFile(place.location, { kind, id }, signal);
      if (hexDigestOf(bytes) !== id) {
        throw new Damage(`${place.name}: the ${kind} ${id} was not stored as it was written`);
      }
      if (kind === "pack") onPack?.();
    }
  }
}

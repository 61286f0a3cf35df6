/**
 * Gives back the room of what no snapshot needs any more, and puts small packs together. Planned
 * once from what all places hold, and carried out at all of them.
 *
 * D1. First new packs, then new indexes, at every place; then both are read again; only then old
 *     indexes go, and packs last. Whatever dies in between leaves each place whole.
 * D2. Nothing is copied or removed while a place is away that nobody has detached: what it alone
 *     holds is not known, and what the others hold may be what heals it.
 * D3. Places that only append are read, and never changed; what only they still hold is no reason
 *     to keep it elsewhere.
 * D4. A snapshot that was forgotten is gone from a place before what it needs goes.
 * D5. What cannot be read is no reason to remove anything: damage ends it, before it begins. Of a
 *     snapshot of which contents are lost everywhere all else is kept, and it is told; what no
 *     index names is left alone then, for it may hold them.
 */
import { SoulMirrorError } from "../../kernel/index.ts";
import { Damage } from "../format/damage.ts";
import { atEach, type Place } from "../repository/place.ts";
import type { Session } from "../repository/session.ts";
import { gatherSnapshots, type HeldSnapshot } from "../repository/snapshots.ts";
import type { OnProgress } from "../work-progress.ts";
import { copyBlobs } from "./copy-blobs.ts";
import { type DamagedSnapshot, incompleteAmong } from "./damaged-snapshots.ts";
import { findNeeded, type NeededBlobs } from "./needed-blobs.ts";
import { type PruneLimits, type PrunePlan, planPrune } from "./prune-plan.ts";
import { readBack } from "./read-back.ts";
import { removeForgotten } from "./remove-forgotten.ts";
import { type RenewedIndexes, renewIndexes } from "./renew-indexes.ts";

export interface PruneOptions extends PruneLimits {
  /** Whether somebody has forgotten the snapshot, wherever it still lies. */
  readonly isForgotten: (id: string) => boolean;
  /** Names of places that need not be waited for. */
  readonly detached?: readonly string[];
  readonly isDryRun?: boolean;
  /** Default 8. */
  readonly smallIndexesMax?: number;
  readonly onProgress?: OnProgress;
}

export interface PruneFigures {
  readonly snapshots: number;
  readonly keptPacks: number;
  readonly copiedPacks: number;
  readonly removedPacks: number;
  /** In one place that holds everything. */
  readonly copiedBytes: number;
  readonly freedBytes: number;
}

export interface Absence {
  readonly location: string;
  readonly reason: string;
}

export type PruneOutcome =
  | {
      readonly kind: "planned";
      readonly figures: PruneFigures;
      readonly incomplete: readonly DamagedSnapshot[];
    }
  /** Nothing was removed: these have to be there first. */
  | { readonly kind: "postponed"; readonly waitsFor: readonly Absence[] }
  | {
      readonly kind: "done";
      readonly figures: PruneFigures;
      /** Snapshots that stay, and lack contents that are lost everywhere (D5). */
      readonly incomplete: readonly DamagedSnapshot[];
      /** Places that dropped out while old files were removed; the next run removes the rest. */
      readonly unfinished: readonly Absence[];
    };

/**
 * @param session exclusive
 * @throws SoulMirrorError VAULT_LOCKED when somebody works at one of the places, VAULT_DAMAGED (D5)
 */
export async function prune(session: Session, options: PruneOptions): Promise<PruneOutcome> {
  try {
    return await pruneAll(session, options);
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    throw new SoulMirrorError("VAULT_DAMAGED", `nothing was removed: ${error.message}`, {
      cause: error,
      fix: "mend it with soulmirror vault heal, then prune; a snapshot that nobody can mend: prune --give-up ID",
    });
  }
}

async function pruneAll(session: Session, options: PruneOptions): Promise<PruneOutcome> {
  const { signal, vault } = session;
  const places = vault.places.filter(
    ({ location, takesPart }) => takesPart && !location.traits.isAppendOnly,
  );
  const postponed = (): PruneOutcome | undefined => {
    const waitsFor = absences(vault.places, options.detached ?? []);
    const dropped = places.filter((place) => !place.takesPart).map(absenceOf);
    const all = new Map([...waitsFor, ...dropped].map((each) => [each.location, each]));
    return all.size === 0 ? undefined : { kind: "postponed", waitsFor: [...all.values()] };
  };
  const snapshots = await keptSnapshots(session, options, places);
  const lateAtFirst = postponed();
  if (lateAtFirst !== undefined) return lateAtFirst;
  const { onProgress, smallIndexesMax = 8 } = options;
  const { lost, needed } = await findNeeded(session, snapshots, onProgress);
  const incomplete = lost.size === 0 ? [] : await incompleteAmong(session, snapshots);
  const pruned = places.reduce((set, { bit }) => set | bit, 0);
  refuseGaps(session, needed, places);
  const plan = planPrune({ index: vault.index, needed }, pruned, options);
  const figures = figuresOf(plan, snapshots.length);
  if (options.isDryRun === true) return { kind: "planned", figures, incomplete };
  const before = new Map(places.map((place) => [place, vault.loader.filesAt(place)]));
  const copied = await copyBlobs(session, plan, { places, ...(onProgress && { onProgress }) });
  const kept = new Set([...plan.keep, ...copied].map(({ id }) => id));
  const indexes = await renewIndexes(session, { places, kept, before, smallIndexesMax });
  let read = 0;
  const expectedCount = copied.length * places.length;
  const onPack = (): void => {
    read += 1;
    onProgress?.({ step: "reading back", unit: "pack", count: read, expectedCount });
  };
  const look = (place: Place): Promise<void> => {
    const newIndexes = [...vault.loader.filesAt(place).keys()].filter(
      (id) => before.get(place)?.has(id) !== true,
    );
    const newPacks = copied.map(({ id }) => id);
    return readBack(session, place, { kept: plan.keep, newIndexes, newPacks, onPack });
  };
  await atEach(places, look, signal);
  const late = postponed();
  if (late !== undefined) return late;
  let removed = 0;
  const onRemoved = (): void => {
    removed += 1;
    onProgress?.({ step: "removing", unit: "file", count: removed });
  };
  const going = { indexes, mayGo: goable(plan, { kept, isAnyLost: lost.size > 0 }), onRemoved };
  await atEach(places, (place) => removeOld(session, place, going), signal);
  return { kind: "done", figures, incomplete, unfinished: places.filter(isOut).map(absenceOf) };
}

/** Those of all places, when what was forgotten is gone from `places` (D4). */
async function keptSnapshots(
  session: Session,
  { isDryRun, isForgotten }: PruneOptions,
  places: readonly Place[],
): Promise<readonly HeldSnapshot[]> {
  const { snapshots, unreadable } = await gatherSnapshots(session);
  const lost = unreadable.find((id) => !isForgotten(id));
  if (lost !== undefined) throw new Damage(`the snapshot ${lost} cannot be read at any place`);
  if (isDryRun !== true) await removeForgotten(session, { places, isForgotten });
  return snapshots.filter(({ id }) => !isForgotten(id));
}

/** A place that lacks what its own snapshots need is to be repaired, not pruned (D5). */
function refuseGaps({ vault }: Session, needed: NeededBlobs, places: readonly Place[]): void {
  for (const [number, wanting] of needed.entries()) {
    if (wanting === 0) continue;
    const { id, kind } = vault.index.blobAt(number);
    const missing = wanting & ~vault.index.locationsOf(id, kind);
    const place = places.find(({ bit }) => (bit & missing) !== 0);
    if (place === undefined) continue;
    throw new Damage(`${place.name} has a snapshot whose ${kind} blobs are not all there`);
  }
}

/** D5: what was lost may lie in a pack that no index names. */
function goable(
  { copy, remove }: PrunePlan,
  { isAnyLost, kept }: { readonly isAnyLost: boolean; readonly kept: ReadonlySet<string> },
): (pack: string) => boolean {
  const known = new Set([...copy, ...remove].map(({ id }) => id));
  return (id) => !kept.has(id) && (!isAnyLost || known.has(id));
}

async function removeOld(
  { confirm, signal, vault }: Session,
  place: Place,
  {
    indexes,
    mayGo,
    onRemoved,
  }: {
    readonly indexes: RenewedIndexes;
    readonly mayGo: (id: string) => boolean;
    readonly onRemoved: () => void;
  },
): Promise<void> {
  const { location } = place;
  for (const id of indexes.replaced.get(place) ?? []) {
    await confirm();
    await location.remove({ kind: "index", id }, signal);
    onRemoved();
  }
  const going: string[] = [];
  for await (const { id } of location.list("pack", signal)) if (mayGo(id)) going.push(id);
  for (const id of going) {
    await confirm();
    await location.remove({ kind: "pack", id }, signal);
    onRemoved();
  }
  await vault.loader.refresh(place, signal);
}

function absences(places: readonly Place[], detached: readonly string[]): readonly Absence[] {
  const missing = places.filter((place) => isOut(place) && !detached.includes(place.name));
  for (const { trouble } of missing) {
    if (trouble instanceof SoulMirrorError && trouble.code === "VAULT_LOCKED") throw trouble;
  }
  return missing.map(absenceOf);
}

function isOut(place: Place): boolean {
  return !place.takesPart;
}

function absenceOf({ name, trouble }: Place): Absence {
  return { location: name, reason: trouble?.message ?? "" };
}

function figuresOf({ copy, keep, remove }: PrunePlan, snapshots: number): PruneFigures {
  const sum = (sizes: readonly number[]): number => sizes.reduce((all, size) => all + size, 0);
  const copiedBytes = sum(copy.map(({ usedBytes }) => usedBytes));
  const gone = sum([...copy, ...remove].map(({ sizeBytes }) => sizeBytes));
  return {
    snapshots,
    keptPacks: keep.length,
    copiedPacks: copy.length,
    removedPacks: remove.length,
    copiedBytes,
    freedBytes: Math.max(0, gone - copiedBytes),
  };
}

/**
 * Forgets what no rule of `keep` keeps, and gives back its room.
 *
 * R1. Nothing is forgotten while a location of the vault is not there: what it alone holds is not
 *     known, and it would bring back what was forgotten without it.
 * R2. What is recorded has happened, and in its order: given up, forgotten, pruned.
 * R3. Given up is only what somebody names, and what no location can restore whole.
 * R4. What a person accepts holds for whoever forgets later, and is what the next run is compared
 *     with.
 */
import type { VaultSpec } from "../config/index.ts";
import { SoulMirrorError } from "../kernel/index.ts";
import { realClock } from "../system/index.ts";
import {
  type DamagedSnapshot,
  damagedSnapshots,
  type ForgetOutcome,
  forget,
  type OnProgress,
  type PruneOutcome,
  prune,
  type Session,
  textOfRawPath,
  type Vault,
  withSession,
} from "../vault/index.ts";
import { acceptDumps } from "./dumps/accept-dumps.ts";
import { doubtsOfDumps, readDumpNotes } from "./dumps/dump-notes.ts";
import { freezeTexts } from "./freeze-text.ts";
import { acceptLastRun } from "./last-run.ts";
import type { OpenedVault } from "./open-vault.ts";
import { ownSources } from "./own-sources.ts";
import { protectedTree } from "./protected-tree.ts";
import { recordInVault } from "./record-in-vault.ts";
import { arrivalNow, openArrivals, openDoubts, openTombstones } from "./retention-records.ts";
import { noteInState, readState } from "./state-file.ts";
import { claimVault } from "./vault-folder.ts";

export interface PruningVault {
  readonly spec: Pick<
    VaultSpec,
    "dumps" | "streams" | "exclude" | "keep" | "locations" | "sources"
  >;
  readonly opened: OpenedVault;
  readonly folder: string;
  readonly isDryRun: boolean;
  /** All that came so far is as a person wants it: no suspect run and no clock is in the way. */
  readonly isAccepted: boolean;
  /** Beginnings of ids of snapshots that are damaged everywhere (R3). Default none. */
  readonly giveUp?: readonly string[];
  readonly signal: AbortSignal;
  readonly onProgress?: OnProgress;
}

export interface Pruning {
  readonly givenUp: readonly DamagedSnapshot[];
  readonly forgotten: ForgetOutcome;
  readonly pruned: PruneOutcome;
}

/**
 * @throws SoulMirrorError LOCATION_FAILED (R1), VAULT_LOCKED, VAULT_DAMAGED; NOT_FOUND for what
 * cannot be given up (R3)
 */
export async function pruneVault(pruning: PruningVault): Promise<Pruning> {
  const { folder, opened, signal } = pruning;
  await using held = new AsyncDisposableStack();
  held.use(claimVault(folder));
  refuseWithout(opened.leftOut);
  const wish = { isExclusive: true, signal };
  return await withSession(opened.vault, wish, (session) => run(session, pruning));
}

async function run(session: Session, pruning: PruningVault): Promise<Pruning> {
  const { folder, isAccepted, isDryRun, onProgress, spec } = pruning;
  const { codec, surroundings } = session.vault;
  refuseWithout(troublesOf(session.vault));
  const tombstones = await openTombstones(folder, codec);
  const givenUp = await damagedAmong(session, pruning.giveUp ?? []);
  if (!isDryRun && givenUp.length > 0) {
    await tombstones.add(givenUp.map(({ id }) => id));
    const snapshots = givenUp.map((each) => ({ ...each }));
    await recordInVault(folder, "given-up", { snapshots });
    await noteGivenUp(folder, givenUp);
  }
  const forgotten = await forget(session, {
    policy: spec.keep,
    host: surroundings.worker.hostname,
    paths: pathsOf(spec, folder),
    now: arrivalNow(),
    arrivals: await openArrivals(folder, codec),
    tombstones,
    isDryRun,
    doubts: await openDoubts(folder, codec),
    troubles: doubtsOfDumps(await readDumpNotes(folder)),
    isAccepted,
  });
  if (!isDryRun) {
    if (isAccepted) {
      await acceptLastRun(folder, () => true);
      await acceptDumps({ dumps: spec.dumps, vaultFolder: folder, isAccepted: () => true });
    }
    const frozen = { kind: "frozen", reasons: freezeTexts(forgotten) } as const;
    await noteInState(folder, Math.floor(realClock.now().wallMs), [frozen]);
  }
  const going = new Set([...forgotten.forgotten, ...givenUp.map(({ id }) => id)]);
  if (!isDryRun && forgotten.forgotten.length > 0) {
    const named = forgotten.forgotten.slice(0, namedMax);
    const facts = { count: forgotten.forgotten.length, snapshots: named, isAccepted };
    await recordInVault(folder, "forgotten", facts);
  }
  const isForgotten = (id: string): boolean => tombstones.has(id) || going.has(id);
  const pruned = await prune(session, {
    isForgotten,
    isDryRun,
    ...(onProgress && { onProgress }),
  });
  if (pruned.kind === "done") {
    const unfinished = pruned.unfinished.map(({ location }) => location);
    const incomplete = pruned.incomplete.length;
    await recordInVault(folder, "pruned", { ...pruned.figures, incomplete, unfinished });
  }
  return { givenUp, forgotten, pruned };
}

/** R3. */
async function damagedAmong(
  session: Session,
  wanted: readonly string[],
): Promise<readonly DamagedSnapshot[]> {
  if (wanted.length === 0) return [];
  const damaged = await damagedSnapshots(session);
  const known = damaged.map(({ id }) => id).join(", ");
  return wanted.map((each) => {
    const [first, ...others] = damaged.filter(({ id }) => each !== "" && id.startsWith(each));
    if (first !== undefined && others.length === 0) return first;
    const what = first === undefined ? "no snapshot" : "more than one snapshot";
    throw new SoulMirrorError("NOT_FOUND", `${what} "${each}" is damaged everywhere`, {
      fix: known === "" ? "each of them can be restored from a location" : `damaged: ${known}`,
    });
  });
}

/** What was found damaged because of them is damage no more. */
async function noteGivenUp(folder: string, givenUp: readonly DamagedSnapshot[]): Promise<void> {
  const nowMs = Math.floor(realClock.now().wallMs);
  const ids = new Set(givenUp.map(({ id }) => id));
  const { damage } = await readState(folder, nowMs);
  const over = damage.filter(({ id }) => ids.has(id));
  const events = over.map(({ id, location }) => ({ kind: "repaired" as const, location, id }));
  if (events.length > 0) await noteInState(folder, nowMs, events);
}

/** An entry of the trail has room for so many ids. */
const namedMax = 250;

/** As a backup names them: what it makes are versions of one thing. */
function pathsOf(spec: PruningVault["spec"], folder: string): readonly string[] {
  const sources = protectedTree(spec).sources.map(textOfRawPath);
  return [...sources, ...ownSources(folder, spec)];
}

interface Away {
  readonly location: string;
  readonly reason: string;
}

/** @throws SoulMirrorError VAULT_LOCKED when that is why a location is out */
function troublesOf({ places }: Vault): readonly Away[] {
  return places.flatMap(({ name, trouble }) => {
    if (trouble === undefined) return [];
    if (trouble instanceof SoulMirrorError && trouble.code === "VAULT_LOCKED") throw trouble;
    return [{ location: name, reason: trouble.message }];
  });
}

function refuseWithout(away: readonly Away[]): void {
  if (away.length === 0) return;
  const told = away.map(({ location, reason }) => `${location}: ${reason}`).join("; ");
  throw new SoulMirrorError("LOCATION_FAILED", `nothing was forgotten or removed: ${told}`, {
    fix: "reach or mount it; mend it with soulmirror vault heal (what is empty: --refill LOCATION); or take it out of the fleet file",
  });
}

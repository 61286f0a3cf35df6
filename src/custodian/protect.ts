/**
 * One backup of a vault, from dumps of its databases to what is recorded of it.
 *
 * P1. One process at a time writes into a vault on this machine, and holds a lock in every location
 *     that takes part (`withSession`).
 * P2. A run that may have seen too little is followed by one that reads everything anew, at once.
 *     When it is suspect for the very same once more, nothing new would be learnt, and it is told
 *     only.
 * P3. What is recorded has happened: the audit trail is written behind the snapshot.
 */
import type { VaultSpec } from "../config/index.ts";
import type { JsonRecord } from "../kernel/index.ts";
import { createAttributeReader, createTreeSource } from "../platform/tree/index.ts";
import { realClock, version } from "../system/index.ts";
import {
  type BackupOptions,
  type BackupOutcome,
  backUp,
  everything,
  type HeldSnapshot,
  isInside,
  listSnapshots,
  type OnProgress,
  type PlaceOutcome,
  type RawPath,
  rawPathOfText,
  type Session,
  type Suspicion,
  type Tally,
  textOfRawPath,
  withSession,
} from "../vault/index.ts";
import { arrivedSnapshots } from "./arrived-snapshots.ts";
import { contentThreads } from "./content-threads.ts";
import { troublesOfDumps } from "./dumps/dump-notes.ts";
import { type DumpOutcome, dumpedPaths, takeDumps } from "./dumps/take-dumps.ts";
import { type JudgedRun, judgedRun } from "./judged-run.ts";
import { type LastRun, lastRunOf, readLastRun, suspicionText, writeLastRun } from "./last-run.ts";
import { noteRun } from "./note-run.ts";
import type { LeftOut, OpenedVault } from "./open-vault.ts";
import { ownSources } from "./own-sources.ts";
import { type ProtectedTree, protectedTree } from "./protected-tree.ts";
import { openTrail } from "./record-in-vault.ts";
import { arrivalNow, openArrivals } from "./retention-records.ts";
import { claimVault } from "./vault-folder.ts";

/** What of a vault a backup depends on. */
export interface ProtectedSpec
  extends Pick<VaultSpec, "sources" | "exclude" | "locations" | "quorum" | "dumps" | "streams"> {
  readonly limits: { readonly threads?: number };
}

export interface Protecting {
  readonly spec: ProtectedSpec;
  readonly opened: OpenedVault;
  /** See `vaultFolder`. */
  readonly folder: string;
  /** That is left out; default: the folder alone. */
  readonly dataFolder?: string;
  readonly tags?: readonly string[];
  readonly signal: AbortSignal;
  readonly onProgress?: OnProgress;
  readonly onNotice?: (text: string) => void;
}

export interface Protection {
  /** Ids; the last one is what to restore. The one before it was suspect. */
  readonly snapshots: readonly string[];
  readonly verdict: "everywhere" | "quorum" | "too-few";
  /** Of the last run. */
  readonly suspicions: readonly Suspicion[];
  readonly dumps: readonly DumpOutcome[];
  /** Of every location of the vault. */
  readonly places: readonly PlaceOutcome[];
  readonly counts: Tally["counts"];
  /** Files that changed each time they were read. */
  readonly unsteady: readonly string[];
  readonly addedBlobs: number;
  readonly addedBytes: number;
  readonly elapsedMs: number;
}

export async function protect(protecting: Protecting): Promise<Protection> {
  const { folder, onNotice, opened, signal, spec } = protecting;
  const begun = realClock.now();
  await using held = new AsyncDisposableStack();
  held.use(claimVault(folder));
  const { trail } = await openTrail(folder);
  held.use(trail);
  const { dataFolder = folder } = protecting;
  const tree = protectedTree({ ...spec, dataFolder });
  const ofPlaces = opened.vault.places.flatMap(({ location }) => location.notice ?? []);
  for (const notice of [...tree.notices, ...ofPlaces]) onNotice?.(notice);
  const { notes, outcomes: dumps } = await takeDumps(spec.dumps, folder, signal);
  await using threads = contentThreads(opened, spec.limits.threads);
  const last = await readLastRun(folder);
  const options = {
    ...sourcesOf(spec, { tree, dumps, own: ownSources(folder, spec) }),
    judged: tree.sources,
    source: createTreeSource(),
    threads,
    readAttributes: createAttributeReader({ warn: (text) => onNotice?.(text) }),
    excludes: spec.exclude,
    tags: protecting.tags ?? [],
    scope: everything,
    programVersion: `soulmirror ${version()}`,
    onProgress: ({ counts }: Tally) =>
      protecting.onProgress?.({
        step: "protecting",
        unit: "file",
        count: counts.newFiles + counts.changedFiles + counts.unchangedFiles,
        bytes: counts.totalBytes,
        // What the last run saw.
        expectedBytes: last?.bytes,
      }),
  };
  const wish = { isExclusive: false, signal };
  const runs = await withSession(opened.vault, wish, async (session) => {
    const made = await run(session, options, { folder, last });
    await noteArrivals(session, folder, made);
    return made;
  });
  const lastMade = runs.at(-1) as Run;
  const { outcome, suspicions } = lastMade;
  const places = allPlaces(outcome.places, opened.leftOut);
  const protection: Protection = {
    suspicions,
    dumps,
    places,
    snapshots: runs.map((each) => each.outcome.snapshot.id),
    verdict: verdictOf(places, spec.quorum),
    counts: outcome.tally.counts,
    unsteady: outcome.tally.unsteady.map(textOfRawPath),
    addedBlobs: outcome.addedBlobs,
    addedBytes: outcome.addedBytes,
    elapsedMs: realClock.now().monotonicMs - begun.monotonicMs,
  };
  for (const each of runs) {
    if (each.suspicions.length > 0) await trail.append("suspect", suspectFacts(each));
  }
  await trail.append("backup", backupFacts(protection));
  await writeLastRun(folder, lastRunOf(outcome, lastMade));
  const changes = await noteRun(folder, {
    snapshot: outcome.snapshot.id,
    isQuorum: protection.verdict !== "too-few",
    suspicions: [...suspicions.map(({ kind }) => kind), ...troublesOfDumps(notes)],
    places,
  });
  for (const { kind, location } of changes) await trail.append(kind, { location });
  return protection;
}

/** Retention counts by when a snapshot came, and forgets nothing behind one that is suspect. */
async function noteArrivals(session: Session, folder: string, runs: readonly Run[]): Promise<void> {
  const arrivals = await openArrivals(folder, session.vault.codec);
  await arrivals.see(await listSnapshots(session), arrivalNow());
  for (const { outcome, suspicions } of runs) {
    const isSuspect = suspicions.length > 0;
    await arrivals.mark(outcome.snapshot.id, { isSuspect, isComplete: true });
  }
}

interface Run extends JudgedRun {
  readonly outcome: BackupOutcome;
}

interface RunOptions extends Omit<BackupOptions, "parent"> {
  /** Of the sources, those that are not the vault's own. */
  readonly judged: readonly RawPath[];
}

/** One run, or two (P2). */
async function run(
  session: Session,
  options: RunOptions,
  { folder, last }: { readonly folder: string; readonly last: LastRun | undefined },
): Promise<readonly Run[]> {
  const parent = parentOf(session, options.sources, await arrivedSnapshots(session, folder));
  const first = await oneRun(session, { ...options, parent }, { last, parent });
  const isNew = first.suspicions.length > 0 && suspicionText(first.suspicions) !== last?.suspicion;
  if (!isNew) return [first];
  return [first, await oneRun(session, { ...options, parent: undefined }, { last, parent })];
}

async function oneRun(
  session: Session,
  options: RunOptions & Pick<BackupOptions, "parent">,
  { last, parent }: { last: LastRun | undefined; parent: HeldSnapshot | undefined },
): Promise<Run> {
  const begun = realClock.now();
  const outcome = await backUp(session, options);
  const ended = realClock.now();
  const sinceLastMs =
    parent === undefined ? undefined : begun.wallMs - Number(parent.timeNs / 1_000_000n);
  const look = { tally: outcome.tally, sources: options.judged, begun, ended, sinceLastMs };
  return { outcome, ...judgedRun(look, last) };
}

/** The newest of this machine and of the same paths, wherever it is held. */
function parentOf(
  session: Session,
  sources: readonly RawPath[],
  snapshots: readonly HeldSnapshot[],
): HeldSnapshot | undefined {
  const { hostname } = session.vault.surroundings.worker;
  const paths = JSON.stringify(sources.map(textOfRawPath).toSorted());
  return snapshots.findLast(
    (each) => each.hostname === hostname && JSON.stringify(each.paths.toSorted()) === paths,
  );
}

interface Dumped {
  readonly tree: ProtectedTree;
  readonly dumps: readonly DumpOutcome[];
  readonly own: readonly string[];
}

/** A database of which there is a dump is left out itself, for it may be torn. */
function sourcesOf(
  spec: ProtectedSpec,
  { dumps, own, tree }: Dumped,
): Pick<BackupOptions, "sources" | "isExcluded"> {
  const folders = own.map(rawPathOfText);
  const taken = dumps.flatMap(({ isTaken, name }) => (isTaken ? [name] : []));
  const dumped = dumpedPaths(spec.dumps, taken);
  return {
    sources: [...tree.sources, ...folders],
    isExcluded: (path) =>
      dumped.has(path) ||
      (tree.isExcluded(path) && !folders.some((folder) => isInside(path, folder))),
  };
}

function allPlaces(
  places: readonly PlaceOutcome[],
  leftOut: readonly LeftOut[],
): readonly PlaceOutcome[] {
  const others = leftOut.map(({ location, reason }) => ({ location, reason, holds: false }));
  return [...places, ...others];
}

function verdictOf(places: readonly PlaceOutcome[], quorum: number): Protection["verdict"] {
  const holding = places.filter(({ holds }) => holds).length;
  if (holding === places.length) return "everywhere";
  return holding >= quorum ? "quorum" : "too-few";
}

function suspectFacts({ outcome, suspicions }: Run): JsonRecord {
  return { snapshot: outcome.snapshot.id, suspicions: suspicions.map((each) => ({ ...each })) };
}

function backupFacts(protection: Protection): JsonRecord {
  const { addedBytes, counts, dumps, elapsedMs, places, snapshots, verdict } = protection;
  return {
    verdict,
    addedBytes,
    counts: { ...counts },
    snapshot: snapshots.at(-1) ?? "",
    elapsedMs: Math.round(elapsedMs),
    dumpsMissing: dumps.flatMap(({ isTaken, name }) => (isTaken ? [] : [name])),
    dumpsSuspect: dumps.flatMap((each) => (each.isTaken && each.doubt !== "" ? [each.name] : [])),
    locations: places.map(({ holds, location }) => ({ location, holds })),
  };
}

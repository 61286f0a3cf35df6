/**
 * Is what lies at the locations what was written there, and is it all there? Says so of each
 * location by itself, and repairs nothing.
 *
 * Q1. A location without damage is a repository in which stock restic finds no error, and the other
 *     way round (test/integration/vault-check.test.ts).
 * Q2. What is wrong is named by location and file, each file once.
 */
import { Damage } from "../format/damage.ts";
import type { LocationSet } from "../index/blob-index.ts";
import { LocationFault } from "../location.ts";
import { BlobReader } from "../repository/blob-reader.ts";
import { readFile } from "../repository/read-file.ts";
import type { Session } from "../repository/session.ts";
import type { OnProgress } from "../work-progress.ts";
import { checkPack } from "./check-pack.ts";
import type { Finding } from "./finding.ts";
import { Findings } from "./findings.ts";
import { type Lack, Reach } from "./reach.ts";
import { type PackFacts, type PlaceSurvey, type Survey, takeSurvey } from "./survey.ts";

export interface CheckOptions {
  /**
   * Whether a pack is read in full at a location. Default: those that hold trees, without which
   * nothing of a snapshot can be told.
   */
  readonly reads?: (pack: string, holdsTrees: boolean) => boolean;
  /** Before each pack that is read. */
  readonly pace?: (sizeBytes: number, signal: AbortSignal) => Promise<void>;
  readonly onProgress?: OnProgress;
  /** Snapshots that somebody has forgotten: who lacks them lags behind nobody. Default none. */
  readonly isForgotten?: (id: string) => boolean;
}

export interface CheckOutcome {
  readonly findings: readonly Finding[];
  readonly packsRead: number;
  readonly bytesRead: number;
  /** Locations of which nothing can be said, and why. */
  readonly left: readonly { readonly location: string; readonly reason: string }[];
}

export const everyPack = (): boolean => true;

/** @param session needs no indexes read */
export async function check(session: Session, options: CheckOptions = {}): Promise<CheckOutcome> {
  const survey = await takeSurvey(session);
  const { findings, ...counts } = await checkSurvey(session, survey, options);
  return { findings: findings.all(), ...counts, left: leftOut(session) };
}

export async function checkSurvey(
  session: Session,
  survey: Survey,
  options: CheckOptions,
): Promise<{
  readonly findings: Findings;
  readonly packsRead: number;
  readonly bytesRead: number;
}> {
  const findings = new Findings(survey);
  checkFiles(survey, findings, options.isForgotten ?? (() => false));
  const counts = await readPacks(session, { survey, findings, options });
  await checkSnapshots(session, { survey, findings, options });
  return { findings, ...counts };
}

function leftOut({ vault }: Session): CheckOutcome["left"] {
  return vault.places.flatMap(({ name, trouble }) =>
    trouble === undefined ? [] : [{ location: name, reason: trouble.message }],
  );
}

/** What can be told without reading packs. */
function checkFiles(
  survey: Survey,
  findings: Findings,
  isForgotten: (id: string) => boolean,
): void {
  const { packs, places } = survey;
  const keys = new Set(places.flatMap((each) => [...each.keys.keys()]));
  const snapshots = new Set(places.flatMap((each) => [...each.snapshots.keys()]));
  for (const seen of places) {
    if (seen.config === undefined) {
      findings.add(seen, { kind: "config", id: "", problem: "missing", reason: "it is not there" });
    }
    const problem = seen.keys.size === 0 ? "missing" : "behind";
    for (const id of keys) {
      if (seen.keys.has(id)) continue;
      findings.add(seen, { kind: "key", id, problem, reason: "other locations hold it" });
    }
    if (keys.size === 0) {
      findings.add(seen, { kind: "key", id: "", problem: "missing", reason: "there is none" });
    }
    for (const id of snapshots) {
      if (seen.snapshots.has(id) || isForgotten(id)) continue;
      const reason = "other locations hold it";
      findings.add(seen, { kind: "snapshot", id, problem: "behind", reason });
    }
    const named = new Set([...seen.indexes.values()].flat());
    for (const id of named) {
      const [sizeBytes, expected] = [seen.packs.get(id), packs.get(id)?.sizeBytes];
      if (sizeBytes === undefined) {
        const reason = "an index names it, and it is not there";
        findings.add(seen, { kind: "pack", id, problem: "missing", reason });
      } else if (sizeBytes !== expected) {
        const reason = `it has ${sizeBytes} bytes instead of ${expected}`;
        findings.add(seen, { kind: "pack", id, problem: "damaged", reason });
      }
    }
    for (const id of seen.packs.keys()) {
      if (named.has(id)) continue;
      findings.add(seen, { kind: "pack", id, problem: "unnamed", reason: "no index names it" });
    }
  }
}

interface Checking {
  readonly survey: Survey;
  readonly findings: Findings;
  readonly options: CheckOptions;
}

/** Of those that an index names, and of which nothing bad is known yet. */
function* packsToRead(
  { findings, options, survey }: Checking,
  seen: PlaceSurvey,
): Generator<{ readonly id: string; readonly sizeBytes: number; readonly facts: PackFacts }> {
  const { reads = (_pack, holdsTrees) => holdsTrees } = options;
  for (const [id, sizeBytes] of seen.packs) {
    const facts = survey.packs.get(id);
    const isNamed = facts !== undefined && (survey.index.holdersOf(id) & seen.place.bit) !== 0;
    if (!isNamed || findings.has(seen, "pack", id) || !reads(id, facts.holdsTrees)) continue;
    yield { id, sizeBytes, facts };
  }
}

async function readPacks(
  session: Session,
  work: Checking,
): Promise<{ readonly packsRead: number; readonly bytesRead: number }> {
  const { survey, findings, options } = work;
  const { onProgress, pace } = options;
  let [packsRead, bytesRead, expectedCount, expectedBytes] = [0, 0, 0, 0];
  for (const seen of onProgress === undefined ? [] : survey.places) {
    for (const { sizeBytes } of packsToRead(work, seen)) {
      expectedCount += 1;
      expectedBytes += sizeBytes;
    }
  }
  const { signal, vault } = session;
  const readAll = async (seen: PlaceSurvey): Promise<void> => {
    for (const { facts, id, sizeBytes } of packsToRead(work, seen)) {
      await pace?.(sizeBytes, signal);
      try {
        const bytes = await readFile(seen.place.location, { kind: "pack", id }, signal);
        checkPack(bytes, { id, index: survey.index, facts }, vault.codec);
      } catch (error) {
        const isMissing = error instanceof LocationFault && error.kind === "missing";
        if (!isMissing && !(error instanceof Damage)) throw error;
        const problem = isMissing ? "missing" : "damaged";
        findings.add(seen, { kind: "pack", id, problem, reason: error.message });
      }
      packsRead += 1;
      bytesRead += sizeBytes;
      const come = { count: packsRead, expectedCount, bytes: bytesRead, expectedBytes };
      onProgress?.({ step: "reading", unit: "pack", ...come });
    }
  };
  for (const seen of survey.places) {
    try {
      await readAll(seen);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof LocationFault)) throw error;
      seen.place.leaveOut(error);
    }
  }
  return { packsRead, bytesRead };
}

async function checkSnapshots(
  session: Session,
  { findings, options, survey }: Checking,
): Promise<void> {
  const lacks = new Map<string, Lack>();
  const reader = readerOf(session, survey);
  const onLack = (lack: Lack): LocationSet => {
    if (lacks.size < 1000) lacks.set(`${lack.kind} ${lack.id}`, lack);
    return lack.locations;
  };
  const reach = new Reach({ index: survey.index, reader, onLack, signal: session.signal });
  const holders = new Map<string, { readonly tree: string; readonly seen: PlaceSurvey[] }>();
  for (const seen of survey.places) {
    for (const { id, tree } of seen.snapshots.values()) {
      const entry = holders.get(id) ?? { tree, seen: [] };
      entry.seen.push(seen);
      holders.set(id, entry);
    }
  }
  let count = 0;
  for (const [id, { seen, tree }] of holders) {
    const expectedCount = holders.size;
    options.onProgress?.({ step: "following", unit: "snapshot", count, expectedCount });
    count += 1;
    const locations = seen.reduce((set, { place }) => set | place.bit, 0);
    lacks.clear();
    const lacking = await reach.visit(tree, locations);
    for (const each of seen) {
      if ((each.place.bit & lacking) === 0) continue;
      const reason = reasonOf([...lacks.values()], each.place.bit);
      findings.add(each, { kind: "snapshot", id, problem: "incomplete", reason });
    }
  }
}

/** Reads by the survey's own index, and tells nobody: what is damaged is found by reading packs. */
export function readerOf({ vault }: Session, { index, places }: Survey): BlobReader {
  const onDamage = (): void => {};
  return new BlobReader({
    index,
    codec: vault.codec,
    onDamage,
    places: places.map(({ place }) => place),
  });
}

function reasonOf(lacks: readonly Lack[], bit: LocationSet): string {
  const here = lacks.filter(({ locations }) => (locations & bit) !== 0);
  const [first] = here;
  // Told of the snapshot before that shares it.
  if (first === undefined) return "a folder that it shares with another snapshot is incomplete";
  const more = here.length > 1 ? `, and ${here.length - 1} more` : "";
  const what = `the ${first.kind} blob ${first.id}`;
  return first.isUnreadable
    ? `no location gives ${what}${more}`
    : `no index here names ${what}${more}`;
}

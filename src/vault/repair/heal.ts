/**
 * Makes every location of a vault what it should be, from what all of them hold together.
 *
 * E1. What one location holds as it was written, all have afterwards.
 * E2. Each location may be damaged somewhere else, even in the same pack: what is sound in any of
 *     them is used.
 * E3. What nobody holds any more is told, and taken out of the indexes, so that the next backup
 *     stores it again where the source still has it.
 * E4. A kill at any moment leaves each location at least as sound as it was.
 *
 * In the order in which one rests on the other: keys, indexes, packs, snapshots, configs.
 */
import { type CheckOptions, check, checkSurvey } from "../check/check.ts";
import type { Finding } from "../check/finding.ts";
import { type PlaceSurvey, type Survey, takeSurvey } from "../check/survey.ts";
import { hexOfId } from "../format/ids.ts";
import type { Location } from "../location.ts";
import { LocationFault } from "../location.ts";
import { digestOf } from "../repository/codec.ts";
import type { Session } from "../repository/session.ts";
import type { Unlocked } from "../repository/unlock.ts";
import type { OnProgress } from "../work-progress.ts";
import { catchUp } from "./catch-up.ts";
import { healIndexes } from "./heal-indexes.ts";
import { healPacks, type LostBlobs } from "./heal-packs.ts";
import { type Pace, type Refusal, type Repair, RepairWork, unhurried } from "./repair-work.ts";

export interface HealOptions {
  readonly unlocked: Pick<Unlocked, "configBytes" | "keyFiles">;
  /** Locations of the vault that are not among those of the session: they may hold anything. */
  readonly isAnyLeftOut?: boolean;
  /** Packs that are read in full before; default those that hold trees. */
  readonly reads?: CheckOptions["reads"];
  /** Copied to each location that lags, in this call. Default: no limit. */
  readonly mostBytes?: number;
  readonly pace?: Pace;
  /** Snapshots that somebody has forgotten: they are brought to nobody. Default none. */
  readonly isForgotten?: (id: string) => boolean;
  readonly onProgress?: OnProgress;
}

export interface HealOutcome {
  readonly repairs: readonly Repair[];
  readonly refusals: readonly Refusal[];
  readonly lost: readonly LostBlobs[];
  /** What is still wrong. */
  readonly findings: readonly Finding[];
  /** Locations that lag still, or of which nothing can be said, and why. */
  readonly left: readonly { readonly location: string; readonly reason: string }[];
}

/**
 * Prepares what is empty, so that a session can be had there. Not for a place whose disk may only
 * be away: what stands in its place would be filled.
 */
export async function prepareEmpty(
  locations: readonly Location[],
  unlocked: Pick<Unlocked, "keyFiles" | "states">,
  signal: AbortSignal,
): Promise<void> {
  for (const [at, location] of locations.entries()) {
    if (unlocked.states[at]?.kind !== "empty") continue;
    try {
      await location.prepare(signal);
      for (const [id, bytes] of unlocked.keyFiles) {
        await location.put({ kind: "key", id }, [bytes], signal);
      }
    } catch (error) {
      signal.throwIfAborted();
      // The session finds out as well, and says so.
      if (!(error instanceof LocationFault)) throw error;
    }
  }
}

/** @param session exclusive; it needs no indexes read */
export async function heal(session: Session, options: HealOptions): Promise<HealOutcome> {
  const work = new RepairWork(session, options.pace ?? unhurried);
  const onProgress = options.onProgress && { onProgress: options.onProgress };
  let survey = await takeSurvey(session);
  await healKeys(work, survey, options);
  await healIndexes(work, survey);
  survey = await takeSurvey(session);
  const found = await checkSurvey(session, survey, {
    ...(options.reads && { reads: options.reads }),
    ...(options.pace && { pace: options.pace }),
    ...onProgress,
  });
  const bad = found.findings.all().filter(({ kind }) => kind === "pack");
  const mayGiveUp = !options.isAnyLeftOut;
  const lost = await healPacks(work, survey, { findings: bad, mayGiveUp, ...onProgress });
  survey = await takeSurvey(session);
  const lagging = await catchAllUp(work, survey, options);
  const looked = new Set(bad.map(({ id }) => id));
  const { findings, left } = await check(session, {
    reads: (pack) => looked.has(pack),
    ...(options.isForgotten && { isForgotten: options.isForgotten }),
  });
  const { refusals, repairs } = work;
  return { repairs, refusals, lost, findings, left: [...left, ...lagging] };
}

async function healKeys(
  work: RepairWork,
  { places }: Survey,
  { unlocked }: HealOptions,
): Promise<void> {
  const keys = new Map(places.flatMap((seen) => [...seen.keys]));
  // One that is damaged everywhere may have opened all the same; it is told, and not spread.
  if (keys.size === 0) {
    for (const [id, bytes] of unlocked.keyFiles) {
      if (hexOfId(digestOf(bytes)) === id) keys.set(id, bytes);
    }
  }
  for (const seen of places) {
    for (const [id, bytes] of keys) {
      if (seen.keys.has(id)) continue;
      await work.write(seen.place, { kind: "key", id }, { parts: [bytes], how: "copied" });
    }
  }
}

async function catchAllUp(
  work: RepairWork,
  survey: Survey,
  options: HealOptions,
): Promise<HealOutcome["left"]> {
  const { isForgotten, mostBytes, onProgress } = options;
  const lagging: { location: string; reason: string }[] = [];
  for (const target of survey.places) {
    const { name } = target.place;
    const expectedBytes = lackingBytes(survey, target);
    const { reason } = await catchUp(work, {
      survey,
      target,
      ...(isForgotten && { isForgotten }),
      ...(mostBytes !== undefined && { mostBytes }),
      onProgress: ({ copiedBytes: bytes, packs: count }) =>
        onProgress?.({ step: `filling ${name}`, unit: "pack", count, bytes, expectedBytes }),
    });
    if (reason !== "") lagging.push({ location: name, reason });
    await healConfig(work, target, { options, isLagging: reason !== "" });
  }
  return lagging;
}

/** At the most: what no snapshot needs any more is not copied. */
function lackingBytes({ packs }: Survey, target: PlaceSurvey): number {
  return [...packs].reduce(
    (sum, [id, { sizeBytes }]) => sum + (target.packs.has(id) ? 0 : sizeBytes),
    0,
  );
}

/** What has a config is complete: an empty place gets it last. */
async function healConfig(
  work: RepairWork,
  { config, place, snapshots }: PlaceSurvey,
  { isLagging, options }: { readonly isLagging: boolean; readonly options: HealOptions },
): Promise<void> {
  if (config !== undefined || (isLagging && snapshots.size === 0)) return;
  const parts = [options.unlocked.configBytes];
  await work.write(place, { kind: "config", id: "" }, { parts, how: "copied" });
}

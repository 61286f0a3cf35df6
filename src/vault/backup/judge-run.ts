/**
 * Did a backup do what it says? A run that ends well may still have seen too little: a disk that
 * gives errors, a folder that lists nothing, a clock that jumped. Such a run is suspect: nothing is
 * forgotten because of it, and a redundant backup reads everything anew.
 *
 * Q1. Suspicion is never silent: each reason has a name and the numbers behind it.
 * Q2. A person who deletes half of a small tree is no suspicion; that a large one is nearly empty
 *     is.
 */
import type { Tally } from "./tally.ts";

export type Suspicion =
  /** Files or folders that could not be read. */
  | { readonly kind: "unread"; readonly count: number; readonly first: string }
  /** Files that ended before their size said, though nothing changed them. */
  | { readonly kind: "short"; readonly count: number; readonly first: string }
  /** Nothing, or nearly nothing, where the last run saw many. */
  | { readonly kind: "vanished"; readonly files: number; readonly before: number }
  /** The wall clock and the monotonic one disagree about how long it took, or it went back. */
  | { readonly kind: "clock"; readonly jumpMs: number };

export interface RunFacts {
  readonly tally: Tally;
  /** Files of the last run that was not suspect; undefined: there was none. */
  readonly filesBefore: number | undefined;
  readonly wallElapsedMs: number;
  readonly elapsedMs: number;
  /** From the last snapshot's own time to the beginning of this run; below zero: it went back. */
  readonly sinceLastMs: number | undefined;
}

/** Fewer are deleted by hand every day. */
const manyFiles = 20;
/** Of the files of the last run. */
const nearlyNothing = 0.1;
const clockToleranceMs = 5000;

export function judgeRun(facts: RunFacts): readonly Suspicion[] {
  const { failures, short } = facts.tally;
  const suspicions: Suspicion[] = [];
  const [unread] = failures;
  if (unread !== undefined) {
    const first = `${unread.path}: ${unread.code}`;
    suspicions.push({ kind: "unread", count: failures.length, first });
  }
  const [cut] = short;
  if (cut !== undefined) suspicions.push({ kind: "short", count: short.length, first: cut });
  const { changedFiles, newFiles, unchangedFiles } = facts.tally.counts;
  const [files, before] = [changedFiles + newFiles + unchangedFiles, facts.filesBefore ?? 0];
  if (before >= manyFiles && files < before * nearlyNothing) {
    suspicions.push({ kind: "vanished", files, before });
  }
  const jumpMs = facts.wallElapsedMs - facts.elapsedMs;
  const back = Math.min(0, facts.sinceLastMs ?? 0);
  if (Math.abs(jumpMs) > clockToleranceMs) suspicions.push({ kind: "clock", jumpMs });
  else if (back < -clockToleranceMs) suspicions.push({ kind: "clock", jumpMs: back });
  return suspicions;
}

/**
 * Did a backup do what it says? A run that ends well may still have seen too little: a disk that
 * gives errors, a folder that lists nothing, a clock that jumped. Such a run is suspect: nothing is
 * forgotten because of it, and a redundant backup reads everything anew.
 *
 * Q1. Suspicion is never silent: each reason has a name and the numbers behind it.
 * Q2. A person who deletes half of a small tree is no suspicion; that a large one is nearly empty
 *     is. Each source is judged by itself: a full one does not hide that another is empty.
 * Q3. A source that is another file system than before, or none any more, is suspect however little
 *     it held: most likely its disk is not mounted.
 * Q4. What goes while it is looked at was never to be in the snapshot, and is no failure.
 */

import type { RawPath } from "../raw-path.ts";
import { textOfRawPath } from "../raw-path.ts";
import { isInside } from "../select/is-inside.ts";
import type { Tally } from "./tally.ts";

export type Suspicion =
  /** Files or folders that could not be read. */
  | { readonly kind: "unread"; readonly count: number; readonly first: string }
  /** Files that ended before their size said, though nothing changed them. */
  | { readonly kind: "short"; readonly count: number; readonly first: string }
  /** Nothing, or nearly nothing, where the last run saw many. */
  | {
      readonly kind: "vanished";
      readonly source: string;
      readonly files: number;
      readonly before: number;
    }
  /** What is mounted where a source lies, in words, and what was. */
  | {
      readonly kind: "mount";
      readonly source: string;
      readonly mount: string;
      readonly before: string;
    }
  /** The wall clock and the monotonic one disagree about how long it took, or it went back. */
  | { readonly kind: "clock"; readonly jumpMs: number };

export interface RunFacts {
  readonly tally: Tally;
  readonly sources: readonly SeenSource[];
  readonly wallElapsedMs: number;
  readonly elapsedMs: number;
  /** From the last snapshot's own time to the beginning of this run; below zero: it went back. */
  readonly sinceLastMs: number | undefined;
}

export interface SeenSource {
  readonly path: RawPath;
  /** What is mounted where it lies. */
  readonly mount: string;
  /** In the last run that was not suspect; undefined: there was none. */
  readonly before: { readonly files: number; readonly mount: string } | undefined;
}

/** Fewer are deleted by hand every day. */
const manyFiles = 20;
/** Of the files of the last run. */
const nearlyNothing = 0.1;
const clockToleranceMs = 5000;

export function judgeRun(facts: RunFacts): readonly Suspicion[] {
  const { filesIn, short } = facts.tally;
  const suspicions: Suspicion[] = [];
  const failures = facts.tally.failures.filter(
    ({ code, path }) =>
      code !== "ENOENT" || facts.sources.some((each) => isInside(each.path, path)),
  );
  const [unread] = failures;
  if (unread !== undefined) {
    const first = `${unread.path}: ${unread.code}`;
    suspicions.push({ kind: "unread", count: failures.length, first });
  }
  const [cut] = short;
  if (cut !== undefined) suspicions.push({ kind: "short", count: short.length, first: cut });
  for (const { before, mount, path } of facts.sources) {
    if (before === undefined) continue;
    const [files, source] = [filesIn.get(path) ?? 0, textOfRawPath(path)];
    if (before.mount !== mount) {
      suspicions.push({ kind: "mount", source, mount, before: before.mount });
    } else if (before.files >= manyFiles && files < before.files * nearlyNothing) {
      suspicions.push({ kind: "vanished", source, files, before: before.files });
    }
  }
  const jumpMs = facts.wallElapsedMs - facts.elapsedMs;
  const back = Math.min(0, facts.sinceLastMs ?? 0);
  if (Math.abs(jumpMs) > clockToleranceMs) suspicions.push({ kind: "clock", jumpMs });
  else if (back < -clockToleranceMs) suspicions.push({ kind: "clock", jumpMs: back });
  return suspicions;
}

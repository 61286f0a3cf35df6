/** What facts prove: that a path was moved, that git took it away, that it rotted. */
import { hasCoarseTimes } from "../clock-step.ts";
import type { SourceEntry } from "../tree-source.ts";
import type { ElsewhereFacts, GitFacts, GitMark, HealFacts, SeenEntry } from "./facts.ts";
import type { HealLimits } from "./heal-limits.ts";

/**
 * An inode that has another name is what was moved only when it is the same one: numbers are given
 * anew within moments. It is, when it was born before the snapshot saw it last; where no times of
 * birth are kept, when size and mtime tell the same.
 */
export function isMoved(expected: SourceEntry, elsewhere: ElsewhereFacts): boolean {
  const { entry, birthNs, wasThere } = elsewhere;
  if (wasThere || entry.kind !== expected.kind || entry.inode !== expected.inode) return false;
  if (birthNs !== undefined) return birthNs <= expected.ctimeNs;
  return entry.mtimeNs === expected.mtimeNs && sizeOf(entry) === sizeOf(expected);
}

/**
 * Git took the path away: it was at work, knew the path before, and does not expect it any more. A
 * path that git still expects is lost, and so is one that git never knew, wherever HEAD went. What
 * cannot be told is believed of git when HEAD moved.
 */
export function isTakenByGit({ before, now, wasHeld, isHeld }: GitFacts): boolean {
  if (now === undefined || isHeld === true || wasHeld === false) return false;
  return hasMoved(before, now) || (wasHeld === true && isHeld === false);
}

/** HEAD, its commit, its log or the stash is not what it was. */
export function hasMoved(before: GitMark, now: GitMark | undefined): boolean {
  return (
    now !== undefined &&
    (before.head !== now.head ||
      before.commit !== now.commit ||
      before.logBytes !== now.logBytes ||
      before.stash !== now.stash)
  );
}

/** No bytes, or only zeros, where there were others. */
export function isEmptied(expected: SourceEntry, { entry, content }: SeenEntry): boolean {
  if (expected.kind !== "file" || entry.kind !== "file" || expected.sizeBytes === 0) return false;
  return entry.sizeBytes === 0 || content === "zeros";
}

/** Kind, size, mtime, ctime and inode are what they were: nobody has written. */
export function hasEqualMarks(expected: SourceEntry, entry: SourceEntry): boolean {
  return (
    expected.kind === entry.kind &&
    sizeOf(expected) === sizeOf(entry) &&
    expected.mtimeNs === entry.mtimeNs &&
    expected.ctimeNs === entry.ctimeNs &&
    expected.inode === entry.inode
  );
}

/** The marks are equal and the content is not. */
export function isChangedUnderMarks(expected: SourceEntry, now: SeenEntry): boolean {
  const isOther = now.content === "differs" || now.content === "zeros";
  return isOther && expected.kind === "file" && hasEqualMarks(expected, now.entry);
}

/**
 * Equal marks say something only of content that was read after the clock of the file system had
 * gone on: within one of its steps a program may write, be read, and write again.
 */
export function isProven(
  expected: SourceEntry,
  provenNs: bigint | undefined,
  limits: HealLimits,
): boolean {
  if (provenNs === undefined) return false;
  const stepMs = hasCoarseTimes(expected) ? limits.coarseTickMs : limits.tickMs;
  return provenNs > expected.ctimeNs + BigInt(stepMs) * 1_000_000n;
}

export function isMass(count: number, { burst }: HealFacts, limits: HealLimits): boolean {
  return count >= limits.massFiles && count >= burst.protectedFiles * limits.massShare;
}

function sizeOf(entry: SourceEntry): number {
  return entry.kind === "file" ? entry.sizeBytes : 0;
}

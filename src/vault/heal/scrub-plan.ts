/**
 * Which content of the critical files is read next, so that rot is found although nobody reads
 * them. The files are gone through in the order of their paths, pass after pass, slice by slice.
 *
 * S1. Two full reads of a file lie at most `everyMs` apart, as long as the budget allows that: a
 *     pass takes half of it, for a file may be the first of one pass and the last of the next.
 * S2. No stretch of time reads more than its budget and one blob: what a blob took too much is
 *     waited for.
 * S3. A pass goes on where it was after a restart, in the middle of a file too, and catches up
 *     within the budget. What is new behind the place is read in this pass, what is new before it
 *     in the next one.
 * S4. Reading is whole blobs, for only they have a hash to be held against.
 */
import type { RawPath } from "../raw-path.ts";

export interface ScrubFile {
  readonly path: RawPath;
  /** Sizes of its data blobs, in order. */
  readonly blobBytes: readonly number[];
}

/** Where scrubbing is; kept across restarts. */
export interface ScrubPosition {
  /** Wall time at which this pass began. */
  readonly passFromMs: number;
  /** The next blob to read; undefined when the pass is over. */
  readonly next: { readonly path: RawPath; readonly blob: number } | undefined;
  /** Read beyond the budget, and waited for. */
  readonly debtBytes: number;
}

export interface ScrubOptions {
  readonly everyMs: number;
  readonly budgetBytesPerSecond: number;
  readonly nowMs: number;
  /** Since the last slice, and no longer than the caller wants to read at a time. */
  readonly sliceMs: number;
}

export interface ScrubRead {
  readonly path: RawPath;
  readonly offset: number;
  readonly sizeBytes: number;
  /** Indices of its blobs: the first, and the one behind the last. */
  readonly fromBlob: number;
  readonly toBlob: number;
}

export interface ScrubPlan {
  readonly reads: readonly ScrubRead[];
  /** After the reads. */
  readonly position: ScrubPosition;
}

const start = "" as RawPath;

/** @param files in the order of their paths, each once */
export function planScrub(
  files: readonly ScrubFile[],
  position: ScrubPosition | undefined,
  options: ScrubOptions,
): ScrubPlan {
  const { budgetBytesPerSecond, sliceMs } = options;
  const { passFromMs, next, debtBytes } = passAt(position, options);
  const budgetBytes = (budgetBytesPerSecond * sliceMs) / 1000;
  if (next === undefined) {
    const debtLeft = Math.max(0, debtBytes - budgetBytes);
    return { reads: [], position: { passFromMs, next, debtBytes: debtLeft } };
  }
  const left = filesFrom(files, next);
  const pacedBytes = dueBytes(left, next, { passFromMs, ...options });
  const taken = take(left, next, Math.min(pacedBytes, budgetBytes - debtBytes));
  const readBytes = sum(taken.reads.map((read) => read.sizeBytes));
  const debtLeft = Math.max(0, debtBytes + readBytes - budgetBytes);
  return {
    reads: taken.reads,
    position: { passFromMs, next: taken.next, debtBytes: debtLeft },
  };
}

/** The pass that runs now: a new one when the last is over and its time is. */
function passAt(
  position: ScrubPosition | undefined,
  { nowMs, everyMs }: ScrubOptions,
): ScrubPosition {
  const begin = { path: start, blob: 0 };
  if (position === undefined) return { passFromMs: nowMs, next: begin, debtBytes: 0 };
  const { passFromMs, next, debtBytes } = position;
  // A clock that went back would make the pause between two passes longer than was said.
  const isOver = nowMs >= passFromMs + everyMs / 2 || nowMs < passFromMs;
  return next === undefined && isOver ? { passFromMs: nowMs, next: begin, debtBytes } : position;
}

/** So much is due in this slice for the pass to end in its time. */
function dueBytes(
  left: readonly ScrubFile[],
  next: { readonly path: RawPath; readonly blob: number },
  { passFromMs, nowMs, everyMs, sliceMs }: ScrubOptions & { readonly passFromMs: number },
): number {
  const leftBytes = sum(left.map((file) => sum(file.blobBytes.slice(firstBlob(file, next)))));
  const leftMs = Math.min(passFromMs + everyMs / 2 - nowMs, everyMs / 2);
  return leftMs <= sliceMs ? leftBytes : (leftBytes * sliceMs) / leftMs;
}

/** Blobs as long as there is something to spend. */
function take(
  left: readonly ScrubFile[],
  from: { readonly path: RawPath; readonly blob: number },
  spendBytes: number,
): Pick<ScrubPlan, "reads"> & Pick<ScrubPosition, "next"> {
  const reads: ScrubRead[] = [];
  let toSpend = spendBytes;
  for (const file of left) {
    const fromBlob = firstBlob(file, from);
    let toBlob = fromBlob;
    while (toBlob < file.blobBytes.length && toSpend > 0) toSpend -= file.blobBytes[toBlob++] ?? 0;
    if (toBlob > fromBlob) reads.push(readOf(file, fromBlob, toBlob));
    if (toBlob < file.blobBytes.length) {
      return { reads, next: { path: file.path, blob: toBlob } };
    }
  }
  return { reads, next: undefined };
}

function readOf({ path, blobBytes }: ScrubFile, fromBlob: number, toBlob: number): ScrubRead {
  const offset = sum(blobBytes.slice(0, fromBlob));
  return { path, offset, sizeBytes: sum(blobBytes.slice(fromBlob, toBlob)), fromBlob, toBlob };
}

function filesFrom(
  files: readonly ScrubFile[],
  { path }: { readonly path: RawPath },
): readonly ScrubFile[] {
  let low = 0;
  let high = files.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((files[middle]?.path ?? start) < path) low = middle + 1;
    else high = middle;
  }
  return files.slice(low);
}

function firstBlob(
  file: ScrubFile,
  next: { readonly path: RawPath; readonly blob: number },
): number {
  return file.path === next.path ? next.blob : 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

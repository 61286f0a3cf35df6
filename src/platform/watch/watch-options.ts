/** What a watch is given, and its limits. */
import type { RawPath } from "../../vault/index.ts";

export interface WatchLimits {
  /** A folder is told when it was quiet for so long ... */
  readonly debounceMs: number;
  /** ... and so long after its first change in any case. */
  readonly maxDelayMs: number;
  /** Everything is compared so often whatever was told. */
  readonly reconcileEveryMs: number;
  /** How often roots and mounts are looked at, of which the kernel tells nothing. */
  readonly rootsEveryMs: number;
  /** How often folders beyond the limit of watches are compared; less often when that is slow. */
  readonly scanEveryMs: number;
  /** Watches are a kernel's memory that all programs of a user share. */
  readonly watchesMax: number;
  /** More changed folders than this at one time are told as `reconcile`. */
  readonly changedMax: number;
  /** Of the thread; a folder needs about one kilobyte of it. */
  readonly heapMaxMb: number;
}

export const watchLimits: WatchLimits = {
  debounceMs: 200,
  maxDelayMs: 2000,
  reconcileEveryMs: 3_600_000,
  rootsEveryMs: 60_000,
  scanEveryMs: 300_000,
  watchesMax: 1_000_000,
  changedMax: 20_000,
  heapMaxMb: 384,
};

export interface WatchedTree {
  /** Absolute paths of folders without links on the way; none lies in another one. */
  readonly roots: readonly RawPath[];
  /** Glob patterns below the roots: such folders are not entered, such files not told of. */
  readonly exclude: readonly string[];
  /** Absolute paths that are not entered: where the copies are kept. */
  readonly without: readonly RawPath[];
}

/** As the thread gets it. */
export interface WatchSetup extends WatchedTree {
  readonly limits: WatchLimits;
}

/** What a walk has seen so far. */
import type { RawPath } from "../raw-path.ts";
import type { SourceFailure } from "../tree-source.ts";

export interface WalkCounts {
  newFiles: number;
  changedFiles: number;
  unchangedFiles: number;
  folders: number;
  /** Of all files. */
  totalBytes: number;
  /** Of those that were read. */
  readBytes: number;
}

export interface Tally {
  readonly counts: WalkCounts;
  /** Files in each source that was looked at, those that could not be read among them. */
  readonly filesIn: Map<RawPath, number>;
  /** What could not be read, and is therefore not in the snapshot. */
  readonly failures: SourceFailure[];
  /**
   * Files that changed each time they were read; they are in the snapshot as they were read last.
   */
  readonly unsteady: RawPath[];
  /** Files that gave fewer bytes than their size said, and nothing had changed them. */
  readonly short: RawPath[];
}

export function emptyTally(): Tally {
  const counts = {
    newFiles: 0,
    changedFiles: 0,
    unchangedFiles: 0,
    folders: 0,
    totalBytes: 0,
    readBytes: 0,
  };
  return { counts, filesIn: new Map(), failures: [], unsteady: [], short: [] };
}

/**
 * What retention knows of a snapshot. Its own time is what somebody wrote into it; its arrival is
 * what was seen when it came into the vault, by whoever keeps the vault's records.
 */

/** The two clocks of a machine at one moment. */
export interface Moment {
  /** Wall time in milliseconds. */
  readonly at: number;
  /** Milliseconds since the machine came up, sleep included (`/proc/uptime`). */
  readonly uptimeMs: number;
  /** The uptimes of two boots say nothing about each other. */
  readonly bootId: string;
}

export interface Arrival extends Moment {
  /** Counts up with each snapshot that arrives, and never down. */
  readonly sequence: number;
  /** Of the place's clock time at `at`, so that a day is a day where people live. */
  readonly utcOffsetMinutes: number;
}

export interface ArrivedSnapshot {
  readonly id: string;
  readonly host: string;
  /** In any order. */
  readonly paths: readonly string[];
  readonly arrival: Arrival;
  /** The run that wrote it was not to be trusted: read errors, a source that was suddenly empty. */
  readonly isSuspect: boolean;
  /** That run looked at everything, and not only at what changed. */
  readonly isComplete: boolean;
  /** A drill has restored it, or a check has read it in full, and all was well. */
  readonly isVerified: boolean;
}

/** Snapshots that are versions of one thing: of one host, with the same paths. */
export function groupOf({ host, paths }: Pick<ArrivedSnapshot, "host" | "paths">): string {
  return JSON.stringify([host, paths.toSorted()]);
}

/** The newest arrival first; equal sequences, which no record should hold, by their ids. */
export function newestFirst(snapshots: readonly ArrivedSnapshot[]): readonly ArrivedSnapshot[] {
  return snapshots.toSorted(
    (a, b) => b.arrival.sequence - a.arrival.sequence || (a.id < b.id ? -1 : 1),
  );
}

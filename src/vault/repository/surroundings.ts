/** What the world gives a repository: time, chance, and who we are. All of it is handed in. */
import type { Clock, Timers } from "../../kernel/index.ts";

/** The process that works in a repository, as locks and snapshots name it. */
export interface Worker {
  readonly hostname: string;
  readonly username: string;
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

export interface Surroundings {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Bytes that nobody can foretell. */
  readonly randomBytes: (length: number) => Uint8Array;
  readonly worker: Worker;
  /**
   * Whether a process of this machine lives that had its number already at `sinceMs` of the wall
   * clock. In doubt it did.
   */
  readonly isAlive: (pid: number, sinceMs: number) => boolean;
}

/** What the watched thread and its watchdog share: a few integers that both read at any time. */
export interface StallWorkerData {
  readonly thresholdMs: number;
  readonly beatMs: number;
  /** `Int32Array` of `places` numbers. */
  readonly shared: SharedArrayBuffer;
  /** Words that a line on stderr begins with, written while the stall lasts; undefined: no line. */
  readonly linePrefix: string | undefined;
}

export const place = {
  /** Counts up with every beat of the watched loop. */
  beats: 0,
  /** 1 while a debugger may hold the watched thread: then it is not late, but looked at. */
  isDebugged: 1,
} as const;

export const places = 2;

/** One place in the code, as the stack shows it. */
export interface StackPlace {
  readonly function: string;
  readonly file: string;
  readonly line: number;
}

export interface Stall {
  /** How long the loop had been blocked when the stack was taken. */
  readonly blockedMs: number;
  /** Innermost first, without node's own frames; empty where the thread did not stop for a look. */
  readonly stack: readonly StackPlace[];
}

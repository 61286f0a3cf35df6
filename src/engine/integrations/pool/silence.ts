/**
 * Is a pool silent for longer than it ever takes? Pure.
 *
 * S1. Silence begins with the oldest question that is open, or with the last answer of any
 *     connection, whichever is later: one slow query among quick ones is no silence.
 * S2. What is usual here decides: `factor` times its p99.9, and never less than `leastMs`.
 */
import type { LogSketch } from "../../../statistics/index.ts";

export interface Asked {
  /** When the oldest question that has no answer yet was asked; undefined: nothing is open. */
  readonly oldestMs: number | undefined;
  /** When any connection has answered last. */
  readonly lastAnswerMs: number;
  readonly nowMs: number;
}

export function silentForMs({ oldestMs, lastAnswerMs, nowMs }: Asked): number {
  return oldestMs === undefined ? 0 : nowMs - Math.max(oldestMs, lastAnswerMs);
}

export interface Patience {
  readonly factor: number;
  readonly leastMs: number;
}

/** Too few answers say nothing about what is usual. */
const enough = 100;

export function patienceMs(usual: LogSketch, { factor, leastMs }: Patience): number {
  if (usual.count < enough) return leastMs;
  return Math.max(leastMs, factor * (usual.quantile(0.999) ?? 0));
}

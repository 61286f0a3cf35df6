/** What the policies need of the world: time, timers and chance are handed in. */
import type { Random, Timers } from "../kernel/index.ts";

export interface Tools {
  /** Monotonic milliseconds with fractions. Read on every call: it must be cheap. */
  readonly monotonicMs: () => number;
  /** For stamps that people and other processes read. */
  readonly wallMs: () => number;
  /** Somebody waits: a pending one keeps the process alive. */
  readonly timers: Timers;
  /** Nobody waits: the process may end meanwhile. */
  readonly background: Timers;
  readonly random: Random;
}

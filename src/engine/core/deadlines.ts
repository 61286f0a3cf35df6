/**
 * Deadlines of all operations with one timer. An operation is in the heap once, with the deadline
 * of its oldest call; calls that end in time touch nothing here. So a deadline costs a call one
 * comparison.
 *
 * D1. No call is late before its time is over, and none later than the timer is.
 * D2. Without calls that have a deadline there is no timer.
 * D3. A timer has the async context of whoever's call has set it, and ends the calls of others:
 *     what it does is done in nobody's context.
 * D4. Whatever goes wrong with one call, the deadlines of all others are looked at.
 */
import { AsyncResource } from "node:async_hooks";
import { type CancelTimer, MinHeap, type Timers } from "../../kernel/index.ts";

export interface WithDeadline {
  /** It is in the heap... */
  isArmed: boolean;
  /** ...with this due time; an entry with another one is old. */
  armedMs: number;
  /** Ends the calls whose time is over; the time at which to look again, or undefined. */
  expire(nowMs: number): number | undefined;
}

/** D3: made while the module is loaded, that is in no call. */
const nobodys = new AsyncResource("SoulMirrorDeadlines", { requireManualDestroy: true });

interface Entry {
  readonly dueMs: number;
  readonly owner: WithDeadline;
}

export class Deadlines {
  readonly #heap = new MinHeap<Entry>();
  readonly #timers: Timers;
  readonly #monotonicMs: () => number;
  #cancel: CancelTimer | undefined;
  #timerDueMs: number = Number.POSITIVE_INFINITY;

  constructor(timers: Timers, monotonicMs: () => number) {
    this.#timers = timers;
    this.#monotonicMs = monotonicMs;
  }

  /** Looks at it at `dueMs`, if not before. */
  arm(owner: WithDeadline, dueMs: number): void {
    if (owner.isArmed && owner.armedMs <= dueMs) return;
    owner.isArmed = true;
    owner.armedMs = dueMs;
    this.#heap.push({ dueMs, owner });
    if (dueMs < this.#timerDueMs) this.#set(dueMs);
  }

  #set(dueMs: number): void {
    this.#cancel?.();
    this.#timerDueMs = dueMs;
    this.#cancel = this.#timers.after(dueMs - this.#monotonicMs(), () =>
      nobodys.runInAsyncScope(this.#ring),
    );
  }

  readonly #ring = (): void => {
    const nowMs = this.#monotonicMs();
    this.#cancel = undefined;
    this.#timerDueMs = Number.POSITIVE_INFINITY;
    try {
      this.#expireUntil(nowMs);
    } finally {
      // D4.
      const next = this.#heap.top;
      if (next !== undefined) this.#set(next.dueMs);
    }
  };

  #expireUntil(nowMs: number): void {
    for (let top = this.#heap.top; top !== undefined && top.dueMs <= nowMs; top = this.#heap.top) {
      this.#heap.pop();
      const { owner, dueMs } = top;
      if (!owner.isArmed || owner.armedMs !== dueMs) continue;
      owner.isArmed = false;
      const againMs = owner.expire(nowMs);
      if (againMs !== undefined) this.arm(owner, Math.max(againMs, nowMs + 1));
    }
  }
}

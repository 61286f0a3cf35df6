/**
 * Time that stands still until a test moves it; timers fire in the order in which they are due, and
 * what they set off is done before the next one fires. For tests.
 */
import { type CancelTimer, createRandom, type Random, type Timers } from "../kernel/index.ts";
import type { Tools } from "./tools.ts";

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

/** Deep enough for the longest chain of promises that a test builds. */
const microtaskTurns = 100;

export class ManualTools implements Tools {
  readonly random: Random;
  readonly timers: Timers;
  readonly background: Timers;
  readonly #wallAtStartMs: number;
  #nowMs = 0;
  #timers: Timer[] = [];

  constructor(seed = 1, wallAtStartMs = 1_700_000_000_000) {
    this.random = createRandom(seed);
    this.#wallAtStartMs = wallAtStartMs;
    this.timers = { after: (delayMs, run) => this.#after(delayMs, run) };
    this.background = this.timers;
  }

  readonly monotonicMs = (): number => this.#nowMs;
  readonly wallMs = (): number => this.#wallAtStartMs + this.#nowMs;

  /** Timers that have neither fired nor been cancelled. */
  get pendingTimers(): number {
    return this.#timers.length;
  }

  /** Lets everything settle that needs no time. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < microtaskTurns; turn += 1) await Promise.resolve();
  }

  /** Moves time on, firing what becomes due on the way. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#nowMs + byMs;
    await this.settle();
    for (;;) {
      const next = this.#earliest();
      if (next === undefined || next.dueMs > untilMs) break;
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.run();
      await this.settle();
    }
    this.#nowMs = untilMs;
  }

  #after(delayMs: number, run: () => void): CancelTimer {
    const timer: Timer = { dueMs: this.#nowMs + Math.max(0, delayMs), run };
    this.#timers.push(timer);
    return () => {
      const place = this.#timers.indexOf(timer);
      if (place >= 0) this.#timers.splice(place, 1);
    };
  }

  #earliest(): Timer | undefined {
    let earliest: Timer | undefined;
    for (const timer of this.#timers) {
      if (earliest === undefined || timer.dueMs < earliest.dueMs) earliest = timer;
    }
    return earliest;
  }
}

export interface Outcome<T> {
  isSettled: boolean;
  value?: T;
  error?: unknown;
}

/** What a promise comes to, to be looked at while time moves. */
export function outcome<T>(promise: Promise<T>): Outcome<T> {
  const found: Outcome<T> = { isSettled: false };
  promise.then(
    (value) => Object.assign(found, { isSettled: true, value }),
    (error: unknown) => Object.assign(found, { isSettled: true, error }),
  );
  return found;
}

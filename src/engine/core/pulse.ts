/**
 * The one slow timer of an engine. While there are calls it ticks; what was called since the last
 * tick, or is under way, is shown to whoever looks after it. Without calls there is no timer.
 *
 * P1. It keeps no process alive.
 * P2. `nowMs` is the latest time that anybody has read: as cheap as a field, never less than it
 *     was, and at most one tick old while calls begin.
 */
import type { CancelTimer } from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";

export const tickMs = 100;
/** With calls under way and none that begins, looks may be rarer. */
const restingTickMs = 1000;

export interface Pulsing {
  /** It was called since the last tick. */
  isActive: boolean;
  /**
   * `lateMs`: how much later than it should the tick comes; the process did not run meanwhile.
   * False: there is nothing to look at until it is called again.
   */
  tick(nowMs: number, lateMs: number): boolean;
}

export class Pulse {
  nowMs: number;
  readonly monotonicMs: () => number;
  readonly #tools: Tools;
  readonly #watched = new Set<Pulsing>();
  #hasNews = false;
  #cancel: CancelTimer | undefined;
  #dueMs = 0;

  constructor(tools: Tools) {
    this.#tools = tools;
    this.monotonicMs = tools.monotonicMs;
    this.nowMs = tools.monotonicMs();
  }

  /** From now on it is shown each tick, until its `tick` says no. */
  awake(pulsing: Pulsing): void {
    pulsing.isActive = true;
    this.#watched.add(pulsing);
    if (this.#hasNews) return;
    this.#hasNews = true;
    this.#cancel?.();
    this.#set(tickMs);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    for (const each of this.#watched) each.isActive = false;
    this.#watched.clear();
    this.#hasNews = false;
  }

  #set(delayMs: number): void {
    this.#dueMs = this.monotonicMs() + delayMs;
    this.#cancel = this.#tools.background.after(delayMs, this.#tick);
  }

  readonly #tick = (): void => {
    const nowMs = this.monotonicMs();
    const lateMs = Math.max(0, nowMs - this.#dueMs);
    this.nowMs = nowMs;
    this.#hasNews = false;
    this.#cancel = undefined;
    for (const each of this.#watched) {
      each.isActive = false;
      if (!each.tick(nowMs, lateMs)) this.#watched.delete(each);
    }
    if (this.#watched.size === 0 || this.#hasNews) return;
    this.#set(restingTickMs);
  };
}

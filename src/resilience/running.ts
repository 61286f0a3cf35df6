/**
 * The work that was begun within one slot of a bulkhead and has not ended: a timeout or a hedge in
 * between gives work up and does not see its end, and the bulkhead must.
 */
import type { CallOptions } from "./policy.ts";

export class Running {
  /** A slot around this one, which is held as long. */
  readonly #outer: Running | undefined;
  #count = 0;
  #whenIdle: (() => void) | undefined;

  constructor(outer: Running | undefined) {
    this.#outer = outer;
  }

  begin(): void {
    this.#count += 1;
    this.#outer?.begin();
  }

  end(): void {
    this.#count -= 1;
    if (this.#count === 0) this.#whenIdle?.();
    this.#outer?.end();
  }

  /** At once when nothing is under way. */
  whenIdle(run: () => void): void {
    if (this.#count === 0) run();
    else this.#whenIdle = run;
  }
}

/** Options of a call within a slot. */
export interface TrackedCall extends CallOptions {
  readonly running?: Running;
}

export function runningOf(call: TrackedCall | undefined): Running | undefined {
  return call?.running;
}

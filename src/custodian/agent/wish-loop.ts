/**
 * Fulfils one wish after another, and tries again what failed.
 *
 * L1. What could not be done is tried again, with pauses that double up to a longest one; what
 *     comes meanwhile is added to it, and waits only when nothing at all could be done.
 * L2. Without a wish nothing runs and no timer stands.
 */
import { realTimers } from "../../system/index.ts";
import type { AgentLimits } from "./agent-world.ts";
import { type Wish, Wishes } from "./wishes.ts";

/** Most of a wish is fulfilled, and `rest` is not yet. */
export class Unfinished extends Error {
  readonly rest: Wish;

  constructor(message: string, rest: Wish) {
    super(message);
    this.name = "Unfinished";
    this.rest = rest;
  }
}

export interface WishLoopOptions {
  readonly limits: Pick<AgentLimits, "retryMinMs" | "retryMaxMs">;
  readonly signal: AbortSignal;
  readonly fulfil: (wish: Wish) => Promise<void>;
  /** `error` is of the attempt that failed; undefined: all is done. */
  readonly onEnd: (error: unknown) => void;
}

const doublingsMax = 20;

export class WishLoop implements AsyncDisposable {
  readonly #options: WishLoopOptions;
  readonly #wishes = new Wishes();
  #running: Promise<void> | undefined;
  #cancelRetry: () => void = () => {};
  /** After a failure of everything, until it is tried again. */
  #isResting = false;
  /** Of wishes that were not finished, for the next attempt. */
  readonly #rest = new Wishes();
  #failures = 0;

  constructor(options: WishLoopOptions) {
    this.#options = options;
  }

  /** Resolves when nothing is at work, be it that all is done or that it is tried again later. */
  get settled(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  add(wish: Wish): void {
    this.#wishes.add(wish);
    if (this.#running !== undefined || this.#isResting || this.#options.signal.aborted) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      // What came between the last look and here.
      if (!this.#wishes.isEmpty) this.add(this.#wishes.take());
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancelRetry();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { fulfil, onEnd, signal } = this.#options;
    while (!this.#wishes.isEmpty && !signal.aborted) {
      const wish = this.#wishes.take();
      try {
        await fulfil(wish);
        this.#failures = 0;
        onEnd(undefined);
      } catch (error) {
        if (signal.aborted) return;
        onEnd(error);
        if (error instanceof Unfinished) this.#finishLater(error.rest);
        else return this.#tryLater(wish);
      }
    }
  }

  /** L1. */
  #tryLater(wish: Wish): void {
    this.#wishes.add(wish);
    this.#isResting = true;
    this.#afterRest(() => {
      this.#isResting = false;
      this.add(this.#wishes.take());
    });
  }

  #finishLater(rest: Wish): void {
    this.#rest.add(rest);
    this.#afterRest(() => this.add(this.#rest.take()));
  }

  #afterRest(work: () => void): void {
    const { retryMaxMs, retryMinMs } = this.#options.limits;
    const delayMs = Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(this.#failures, doublingsMax));
    this.#failures += 1;
    this.#cancelRetry();
    this.#cancelRetry = realTimers.after(delayMs, work);
  }
}

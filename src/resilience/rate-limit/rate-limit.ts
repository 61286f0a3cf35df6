import { begin, PlainAttempt, refuseAborted } from "../attempt.ts";
import type { Witness } from "../decision.ts";
import { RateLimitError } from "../errors.ts";
import type { CallOptions, Policy, Work } from "../policy.ts";
import { rateLimitDefaults } from "../policy-defaults.ts";
import { sleep } from "../sleep.ts";
import type { Tools } from "../tools.ts";
import { Witnesses } from "../witnesses.ts";
import { CellRate } from "./cell-rate.ts";

export interface RateLimitOptions {
  readonly name?: string;
  /** So many calls... */
  readonly limit: number;
  /** ...per so many milliseconds, evenly. Default 1000. */
  readonly perMs?: number;
  /** So many may come at once after a pause. Default: `limit`. */
  readonly burst?: number;
  /** A call whose turn comes so soon waits for it, another is refused. Default 0: none waits. */
  readonly maxWaitMs?: number;
  /** So many calls wait at most. Default 1000. */
  readonly queue?: number;
}

/** Our own limit on calls per time (`cell-rate.ts`), so that the dependency needs none. */
export class RateLimit implements Policy {
  readonly name: string;
  readonly #tools: Tools;
  readonly #rate: CellRate;
  readonly #maxWaitMs: number;
  readonly #queue: number;
  readonly #witnesses: Witnesses;
  #waiting = 0;
  #refused = 0;

  constructor(options: RateLimitOptions, tools: Tools) {
    const { limit, perMs = rateLimitDefaults.perMs, burst = limit } = options;
    this.name = options.name ?? "rateLimit";
    this.#tools = tools;
    this.#rate = new CellRate(perMs / limit, burst);
    this.#maxWaitMs = options.maxWaitMs ?? rateLimitDefaults.maxWaitMs;
    this.#queue = options.queue ?? rateLimitDefaults.queue;
    this.#witnesses = new Witnesses(this.name);
  }

  on(witness: Witness): () => void {
    return this.#witnesses.on(witness);
  }

  report(): { readonly waiting: number; readonly refused: number } {
    return { waiting: this.#waiting, refused: this.#refused };
  }

  async execute<T>(work: Work<T>, call?: CallOptions): Promise<T> {
    refuseAborted(call);
    const nowMs = this.#tools.monotonicMs();
    const waitMs = this.#rate.waitMs(nowMs);
    if (waitMs > this.#maxWaitMs || (waitMs > 0 && this.#waiting >= this.#queue)) {
      throw this.#refuse(waitMs);
    }
    const ticket = this.#rate.take(nowMs);
    if (waitMs > 0) await this.#wait(waitMs, ticket, call?.signal);
    return begin(work, new PlainAttempt(1, call?.signal));
  }

  async #wait(waitMs: number, ticket: number, signal: AbortSignal | undefined): Promise<void> {
    this.#waiting += 1;
    try {
      await sleep(this.#tools, waitMs, signal);
    } catch (reason) {
      this.#rate.giveBack(ticket);
      throw reason;
    } finally {
      this.#waiting -= 1;
    }
  }

  #refuse(waitMs: number): RateLimitError {
    this.#refused += 1;
    const reason = `its next turn comes in ${Math.ceil(waitMs)} ms`;
    this.#witnesses.tell({ kind: "rejected", by: "rate_limit", reason, retryAfterMs: waitMs });
    return new RateLimitError(this.name, waitMs);
  }
}

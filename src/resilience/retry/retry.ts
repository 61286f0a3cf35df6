/**
 * Does work again that failed, when that is allowed (`decide-retry.ts`) and affordable
 * (`retry-budget.ts`).
 *
 * 1. The error of the last attempt is what the caller gets, as it was thrown.
 * 2. A caller who gives up while it waits is answered at once, and nothing is called again.
 * 3. Past the deadline nothing is begun, and an attempt that is under way is not awaited.
 */
import { begin, OpenAttempt, PlainAttempt, refuseAborted } from "../attempt.ts";
import { type Backoff, exponential } from "../backoff.ts";
import type { Classify } from "../category.ts";
import { createClassify, judgeCall } from "../classify/classify.ts";
import type { Witness } from "../decision.ts";
import { CallTimeoutError } from "../errors.ts";
import type { CallOptions, Policy, Work } from "../policy.ts";
import { sleep } from "../sleep.ts";
import { within } from "../timeout/within.ts";
import type { Tools } from "../tools.ts";
import { Witnesses } from "../witnesses.ts";
import { decideRetry } from "./decide-retry.ts";
import { RetryBudget } from "./retry-budget.ts";

export interface RetryOptions {
  readonly name?: string;
  /** With the first one. Default 3. */
  readonly attempts?: number;
  /** Default: 1 s, twice as long each time, decorrelated jitter, 30 s at most. */
  readonly backoff?: Backoff;
  /** All calls may be done twice. Default false: only those that say so, or never started. */
  readonly idempotent?: boolean;
  /** Share one among all policies that call the same target. Default: an own one. */
  readonly budget?: RetryBudget;
  /** A dependency that asks for a longer pause is not called again at all. Default 30 000. */
  readonly maxRetryAfterMs?: number;
  /** For all attempts and pauses together. Default: none. */
  readonly deadlineMs?: number;
  readonly classify?: Classify;
  /** Asked before each retry, for a switch that may be turned while it runs. */
  readonly isOn?: () => boolean;
}

export class Retry implements Policy {
  readonly name: string;
  readonly budget: RetryBudget;
  readonly #options: RetryOptions;
  readonly #attempts: number;
  readonly #backoff: Backoff;
  readonly #classify: Classify;
  readonly #tools: Tools;
  readonly #witnesses: Witnesses;

  constructor(options: RetryOptions, tools: Tools) {
    this.name = options.name ?? "retry";
    this.budget = options.budget ?? new RetryBudget();
    this.#options = options;
    this.#attempts = options.attempts ?? 3;
    this.#backoff = options.backoff ?? exponential();
    this.#classify = options.classify ?? createClassify(tools.wallMs);
    this.#tools = tools;
    this.#witnesses = new Witnesses(this.name);
  }

  on(witness: Witness): () => void {
    return this.#witnesses.on(witness);
  }

  async execute<T>(work: Work<T>, call?: CallOptions): Promise<T> {
    refuseAborted(call);
    const { deadlineMs } = this.#options;
    const nowMs = this.#tools.monotonicMs();
    this.budget.deposit(nowMs);
    if (deadlineMs === undefined) return this.#run(work, call, Number.POSITIVE_INFINITY);
    const whole = new OpenAttempt(1, call?.signal);
    return within(
      (attempt) => this.#run(work, { ...call, signal: attempt.signal }, nowMs + deadlineMs),
      {
        attempt: whole,
        tools: this.#tools,
        timeoutMs: deadlineMs,
        caller: call?.signal,
        onTimeout: (elapsedMs) => {
          this.#witnesses.tell({ kind: "timeout", timeoutMs: deadlineMs, elapsedMs });
          return new CallTimeoutError(this.name, deadlineMs);
        },
      },
    );
  }

  async #run<T>(work: Work<T>, call: CallOptions | undefined, untilMs: number): Promise<T> {
    let backoff = this.#backoff;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await begin(work, new PlainAttempt(attempt, call?.signal));
      } catch (error) {
        backoff = backoff.next(this.#tools.random);
        const delayMs = this.#delayAfter(error, { attempt, backoff, call, untilMs });
        if (delayMs === undefined) throw error;
        await sleep(this.#tools, delayMs, call?.signal);
      }
    }
  }

  /** Undefined: it is not done again. */
  #delayAfter(error: unknown, { attempt, backoff, call, untilMs }: Failed): number | undefined {
    const nowMs = this.#tools.monotonicMs();
    const judgement = judgeCall(this.#classify, error, call?.signal);
    const leftMs = untilMs - nowMs;
    const verdict = decideRetry({
      judgement,
      attempt,
      attempts: this.#attempts,
      isIdempotent: call?.idempotent ?? this.#options.idempotent ?? false,
      isCancelled: call?.signal?.aborted === true && leftMs > 0,
      isOn: this.#options.isOn?.() ?? true,
      backoffMs: backoff.delayMs,
      maxRetryAfterMs: this.#options.maxRetryAfterMs ?? 30_000,
      leftMs,
      chance: this.#tools.random.next(),
      spend: () => this.budget.spend(nowMs),
    });
    const { category } = judgement;
    if (verdict.kind === "refused") {
      this.#witnesses.tell({ kind: "retry_refused", because: verdict.because, category, error });
      return undefined;
    }
    const { delayMs, because } = verdict;
    this.#witnesses.tell({
      kind: "retry",
      attempt: attempt + 1,
      delayMs,
      category,
      because,
      error,
    });
    return delayMs;
  }
}

interface Failed {
  readonly attempt: number;
  readonly backoff: Backoff;
  readonly call: CallOptions | undefined;
  readonly untilMs: number;
}

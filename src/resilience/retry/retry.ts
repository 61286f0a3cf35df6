/**
 * Does work again that failed, when that is allowed and affordable (`retry-rule.ts`).
 *
 * 1. The error of the last attempt that was really made is what the caller gets, as it was thrown:
 *    that a circuit has opened meanwhile is its consequence.
 * 2. A caller who gives up while it waits is answered at once, and nothing is called again.
 * 3. Past the deadline nothing is begun, and an attempt that is under way is not awaited.
 */
import { begin, callWithin, OpenAttempt, PlainAttempt, refuseAborted } from "../attempt.ts";
import type { Classify, Judgement } from "../category.ts";
import { createClassify, judgeCall } from "../classify/classify.ts";
import type { Witness } from "../decision.ts";
import { CallTimeoutError } from "../errors.ts";
import type { CallOptions, Policy, Work } from "../policy.ts";
import { sleep } from "../sleep.ts";
import { within } from "../timeout/within.ts";
import type { Tools } from "../tools.ts";
import { Witnesses } from "../witnesses.ts";
import type { RetryBudget } from "./retry-budget.ts";
import { RetryRule, type RetryRuleOptions } from "./retry-rule.ts";

export interface RetryOptions extends RetryRuleOptions {
  readonly name?: string;
  /** For all attempts and pauses together. Default: none. */
  readonly deadlineMs?: number;
  readonly classify?: Classify;
}

export class Retry implements Policy {
  readonly name: string;
  readonly #rule: RetryRule;
  readonly #deadlineMs: number | undefined;
  readonly #classify: Classify;
  readonly #tools: Tools;
  readonly #witnesses: Witnesses;

  constructor(options: RetryOptions, tools: Tools) {
    this.name = options.name ?? "retry";
    this.#rule = new RetryRule(options, tools.random);
    this.#deadlineMs = options.deadlineMs;
    this.#classify = options.classify ?? createClassify(tools.wallMs);
    this.#tools = tools;
    this.#witnesses = new Witnesses(this.name);
  }

  get budget(): RetryBudget {
    return this.#rule.budget;
  }

  on(witness: Witness): () => void {
    return this.#witnesses.on(witness);
  }

  async execute<T>(work: Work<T>, call?: CallOptions): Promise<T> {
    refuseAborted(call);
    const deadlineMs = this.#deadlineMs;
    const nowMs = this.#tools.monotonicMs();
    this.#rule.called(nowMs);
    if (deadlineMs === undefined) return this.#run(work, call, Number.POSITIVE_INFINITY);
    const untilMs = nowMs + deadlineMs;
    return within((whole) => this.#run(work, callWithin(whole, call), untilMs), {
      attempt: new OpenAttempt(1, call?.signal),
      tools: this.#tools,
      timeoutMs: deadlineMs,
      caller: call?.signal,
      onTimeout: (elapsedMs) => {
        this.#witnesses.tell({ kind: "timeout", timeoutMs: deadlineMs, elapsedMs });
        return new CallTimeoutError(this.name, deadlineMs);
      },
    });
  }

  async #run<T>(work: Work<T>, call: CallOptions | undefined, untilMs: number): Promise<T> {
    let made: { readonly error: unknown } | undefined;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await begin(work, new PlainAttempt(attempt, call?.signal));
      } catch (error) {
        const judgement = judgeCall(this.#classify, error, call?.signal);
        if (judgement.category !== "rejected") made = { error };
        const delayMs = this.#delayAfter(error, { attempt, judgement, call, untilMs });
        // 1.
        if (delayMs === undefined) throw made === undefined ? error : made.error;
        await sleep(this.#tools, delayMs, call?.signal);
      }
    }
  }

  /** Undefined: it is not done again. */
  #delayAfter(error: unknown, failed: Failed): number | undefined {
    const { attempt, judgement, call, untilMs } = failed;
    const nowMs = this.#tools.monotonicMs();
    const leftMs = untilMs - nowMs;
    const verdict = this.#rule.decide({
      attempt,
      judgement,
      nowMs,
      leftMs,
      idempotent: call?.idempotent,
      isCancelled: call?.signal?.aborted === true && leftMs > 0,
    });
    const { category } = judgement;
    if (verdict.kind === "refused") {
      this.#witnesses.tell({ kind: "retry_refused", because: verdict.because, category, error });
      return undefined;
    }
    const { delayMs } = verdict;
    this.#witnesses.tell({
      kind: "retry",
      attempt: attempt + 1,
      delayMs,
      category,
      because: verdict.because,
      error,
    });
    return delayMs;
  }
}

interface Failed {
  readonly attempt: number;
  readonly judgement: Judgement;
  readonly call: CallOptions | undefined;
  readonly untilMs: number;
}

/**
 * Asks a second time when the first answer is late, and takes whichever comes first (Dean and
 * Barroso, "The Tail at Scale", 2013).
 *
 * H1. Only what may be done twice is hedged; everything else is done once, as without this policy.
 * H2. The first success wins; the signals of the others are aborted, never that of the winner.
 * H3. A failure is final when nothing else is under way, or when it is the caller's own mistake:
 *     hedging is for slow answers, and doing failed work again is for `Retry`. The first failure is
 *     told; a hedge for which there was no room has not failed.
 * H4. Hedges are paid from a budget: a dependency that is slow for everybody is not asked twice by
 *     everybody.
 */
import { begin, OpenAttempt, onAbort, PlainAttempt, refuseAborted } from "../attempt.ts";
import type { Classify, ErrorCategory } from "../category.ts";
import { createClassify, judgeCall } from "../classify/classify.ts";
import type { Witness } from "../decision.ts";
import type { CallOptions, Policy, Work } from "../policy.ts";
import { hedgeDefaults } from "../policy-defaults.ts";
import { RetryBudget } from "../retry/retry-budget.ts";
import type { Tools } from "../tools.ts";
import { Witnesses } from "../witnesses.ts";

export interface HedgeOptions {
  readonly name?: string;
  /**
   * How late an answer is, in milliseconds; a function for a quantile that was measured (its p95 is
   * usual). Undefined, or no number: not known yet, no hedge.
   */
  readonly delayMs: number | (() => number | undefined);
  /** More attempts than the first one. Default 1. */
  readonly hedges?: number;
  /** All calls may be done twice. Default false: only those that say so. */
  readonly idempotent?: boolean;
  /** Default: a tenth of the calls, and one per second. */
  readonly budget?: RetryBudget;
  readonly classify?: Classify;
}

export class Hedge implements Policy {
  readonly name: string;
  readonly budget: RetryBudget;
  readonly #options: HedgeOptions;
  readonly #classify: Classify;
  readonly #tools: Tools;
  readonly #witnesses: Witnesses;

  constructor(options: HedgeOptions, tools: Tools) {
    this.name = options.name ?? "hedge";
    this.budget = options.budget ?? new RetryBudget(hedgeDefaults.budget);
    this.#options = options;
    this.#classify = options.classify ?? createClassify(tools.wallMs);
    this.#tools = tools;
    this.#witnesses = new Witnesses(this.name);
  }

  on(witness: Witness): () => void {
    return this.#witnesses.on(witness);
  }

  async execute<T>(work: Work<T>, call?: CallOptions): Promise<T> {
    refuseAborted(call);
    this.budget.deposit(this.#tools.monotonicMs());
    const isIdempotent = call?.idempotent ?? this.#options.idempotent ?? hedgeDefaults.idempotent;
    if (!isIdempotent) return begin(work, new PlainAttempt(1, call?.signal));
    return this.#race(work, call);
  }

  #race<T>(work: Work<T>, call: CallOptions | undefined): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const underWay = new Set<OpenAttempt>();
      let begun = 0;
      let isOver = false;
      let first: { readonly error: Error; readonly category: ErrorCategory } | undefined;
      let cancel: (() => void) | undefined;
      const over = (reasonOf: () => unknown): void => {
        isOver = true;
        cancel?.();
        forget();
        if (underWay.size === 0) return;
        const reason = reasonOf();
        for (const attempt of underWay) attempt.giveUp(reason);
      };
      const forget = onAbort(call?.signal, (reason) => {
        reject(reason);
        over(() => reason);
      });
      const answered = (attempt: OpenAttempt, value: T): void => {
        underWay.delete(attempt);
        if (isOver) return;
        resolve(value);
        over(outrun);
      };
      const failed = (attempt: OpenAttempt, error: Error): void => {
        underWay.delete(attempt);
        if (isOver) return;
        const { isFault, category } = judgeCall(this.#classify, error, call?.signal);
        if (first === undefined || first.category === "rejected") first = { error, category };
        const isFinal = !isFault && category !== "rejected";
        if (underWay.size > 0 && !isFinal) return;
        reject(isFinal ? error : first.error);
        over(outrun);
      };
      const ask = (): void => {
        begun += 1;
        const attempt = new OpenAttempt(begun, call?.signal);
        underWay.add(attempt);
        cancel =
          begun > (this.#options.hedges ?? hedgeDefaults.hedges)
            ? undefined
            : this.#later(begun + 1, ask);
        begin(work, attempt).then(
          (value) => answered(attempt, value),
          (error: unknown) => failed(attempt, error as Error),
        );
      };
      ask();
    });
  }

  /** H4: taken from the budget when it is due, and not when it is planned. */
  #later(attempt: number, ask: () => void): (() => void) | undefined {
    const afterMs = this.#delayMs();
    if (afterMs === undefined) return undefined;
    return this.#tools.timers.after(afterMs, () => {
      if (!this.budget.spend(this.#tools.monotonicMs())) return;
      this.#witnesses.tell({ kind: "hedge", attempt, afterMs });
      ask();
    });
  }

  #delayMs(): number | undefined {
    const { delayMs } = this.#options;
    if (typeof delayMs === "number") return delayMs;
    try {
      const measured = delayMs();
      return measured !== undefined && measured >= 0 ? measured : undefined;
    } catch {
      return undefined;
    }
  }
}

function outrun(): DOMException {
  return new DOMException("another attempt was faster", "AbortError");
}

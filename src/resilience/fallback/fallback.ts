/**
 * Another answer where there would be an error.
 *
 * F1. By default only where the dependency is at fault, or where one of our own policies refused:
 *     a mistake of the caller stays an error.
 * F2. A caller who gave up gets his own reason, and no fallback is begun.
 * F3. The fallback's signal is a new one: what aborted the work has not aborted the fallback.
 * F4. When the fallback fails, too, the caller gets the first error, which says what is wrong; the
 *     second one is shown.
 */
import { begin, PlainAttempt, refuseAborted } from "../attempt.ts";
import type { Classify, Judgement } from "../category.ts";
import { createClassify, judgeCall } from "../classify/classify.ts";
import type { Witness } from "../decision.ts";
import { harmless } from "../harmless.ts";
import type { Attempt, CallOptions, Policy, Work } from "../policy.ts";
import type { Tools } from "../tools.ts";
import { Witnesses } from "../witnesses.ts";

/** Finds the answer to an error. */
export type FindAnswer = (error: unknown, attempt: Attempt) => unknown;

export interface FallbackOptions {
  readonly name?: string;
  /** The answer, or a function (`FindAnswer`) that finds one. */
  readonly answer: unknown;
  /** Whether an error gets it. Default: faults, and refusals of our own policies. */
  readonly when?: (error: unknown, judgement: Judgement) => boolean;
  /** Shown the error of a fallback that failed, too. */
  readonly onFailure?: (error: unknown) => unknown;
  readonly classify?: Classify;
}

export class Fallback implements Policy {
  readonly name: string;
  readonly #options: FallbackOptions;
  readonly #classify: Classify;
  readonly #witnesses: Witnesses;

  constructor(options: FallbackOptions, tools: Tools) {
    this.name = options.name ?? "fallback";
    this.#options = options;
    this.#classify = options.classify ?? createClassify(tools.wallMs);
    this.#witnesses = new Witnesses(this.name);
  }

  on(witness: Witness): () => void {
    return this.#witnesses.on(witness);
  }

  async execute<T>(work: Work<T>, call?: CallOptions): Promise<T> {
    refuseAborted(call);
    try {
      return await begin(work, new PlainAttempt(1, call?.signal));
    } catch (error) {
      refuseAborted(call);
      const judgement = judgeCall(this.#classify, error, call?.signal);
      if (!this.#isWanted(error, judgement)) throw error;
      this.#witnesses.tell({ kind: "fallback", category: judgement.category, error });
      return await this.#answer<T>(error, call);
    }
  }

  #isWanted(error: unknown, judgement: Judgement): boolean {
    if (judgement.category === "cancelled") return false;
    const { when } = this.#options;
    if (when === undefined) return judgement.isFault || judgement.category === "rejected";
    try {
      return when(error, judgement);
    } catch {
      return false;
    }
  }

  async #answer<T>(error: unknown, call: CallOptions | undefined): Promise<T> {
    const { answer, onFailure } = this.#options;
    if (typeof answer !== "function") return answer as T;
    const attempt = new PlainAttempt(1, call?.signal);
    try {
      return await begin(() => (answer as FindAnswer)(error, attempt) as T, attempt);
    } catch (second) {
      refuseAborted(call);
      if (onFailure !== undefined) harmless(() => onFailure(second));
      throw error;
    }
  }
}

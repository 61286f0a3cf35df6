/**
 * Asks one alternative after the other, until one answers.
 *
 * 1. What the next one would refuse as well (the caller's mistake, a wrong key) ends the round with
 *    that error, as it was thrown; `when` may decide otherwise.
 * 2. Too long a context, or content that one provider does not allow, goes to the alternative that
 *    was named for it (`routes`), and to no other.
 * 3. A caller who gives up ends the round with his own reason.
 * 4. Each attempt counts for the alternative that made it, whatever the call came to.
 * 5. When nobody is left: the degraded answer if one was declared, else one error with all errors.
 */
import { begin, PlainAttempt, refuseAborted } from "../attempt.ts";
import type { Classify, ErrorCategory, Judgement } from "../category.ts";
import { createClassify, judgeCall } from "../classify/classify.ts";
import type { Witness } from "../decision.ts";
import { AllFailedError } from "../errors.ts";
import type { Attempt, CallOptions, Policy, Work } from "../policy.ts";
import type { Tools } from "../tools.ts";
import { Witnesses } from "../witnesses.ts";
import {
  type Alternative,
  type AlternativeReport,
  type Member,
  type Preference,
  Ring,
  type RingOptions,
} from "./ring.ts";

export interface FailoverOptions<A> extends RingOptions {
  readonly name?: string;
  readonly alternatives: readonly Alternative<A>[];
  /** So many are asked at most. Default: all. */
  readonly attempts?: number;
  /** Around each attempt. A function makes one per alternative, by name: a circuit for each. */
  readonly each?: Policy | ((name: string) => Policy);
  /** Whether the next one is asked after an error. Default: after faults and refusals of ours. */
  readonly when?: (error: unknown, judgement: Judgement) => boolean;
  /** Names of alternatives for what no other would answer: a longer context, other rules. */
  readonly routes?: Readonly<Partial<Record<ErrorCategory, string>>>;
  /** The degraded answer, or a function of all errors that finds one. */
  readonly whenAllFail?: unknown;
  readonly classify?: Classify;
}

/** Work that is told whom to ask. */
export type WorkOf<A, T> = (target: A, attempt: ProviderAttempt) => T | PromiseLike<T>;

export interface ProviderAttempt extends Attempt {
  readonly provider: string;
}

export class Failover<A> {
  readonly name: string;
  readonly ring: Ring<A>;
  readonly #options: FailoverOptions<A>;
  readonly #classify: Classify;
  readonly #tools: Tools;
  readonly #witnesses: Witnesses;
  readonly #each: ReadonlyMap<string, Policy>;

  constructor(options: FailoverOptions<A>, tools: Tools) {
    this.name = options.name ?? "failover";
    this.#options = options;
    this.#classify = options.classify ?? createClassify(tools.wallMs);
    this.#tools = tools;
    this.#witnesses = new Witnesses(this.name);
    this.ring = new Ring(options.alternatives, options, (decision) =>
      this.#witnesses.tell(decision),
    );
    const { each } = options;
    const policies = this.ring.members.flatMap(({ name }) => {
      const policy = typeof each === "function" ? each(name) : each;
      return policy === undefined ? [] : [[name, policy] as const];
    });
    this.#each = new Map(policies);
  }

  on(witness: Witness): () => void {
    return this.#witnesses.on(witness);
  }

  report(): readonly AlternativeReport[] {
    return this.ring.reports(this.#tools.monotonicMs());
  }

  /** Whom to ask first from now on. */
  prefer(preference: Preference): void {
    this.ring.prefer(preference);
  }

  /** Rejects with an `AllFailedError`, or with the error that ended the round. */
  async execute<T>(work: WorkOf<A, T>, call?: CallOptions): Promise<T> {
    refuseAborted(call);
    const round = new Round(this.ring.order(this.#tools.monotonicMs()), this.#options.attempts);
    for (let member = round.next(); member !== undefined; ) {
      const beganMs = this.#tools.monotonicMs();
      try {
        const value = await this.#ask(work, member, { number: round.tried.length, call });
        const nowMs = this.#tools.monotonicMs();
        this.ring.succeeded(member, nowMs, nowMs - beganMs);
        return value;
      } catch (error) {
        member = this.#after(error, { member, round, call });
      }
    }
    return this.#degraded<T>(round, call);
  }

  /** Whom to ask next; undefined: nobody is left. Throws what ends the round. */
  #after(error: unknown, { member, round, call }: Failed<A>): Member<A> | undefined {
    const judgement = judgeCall(this.#classify, error, call?.signal);
    this.ring.failed(member, this.#tools.monotonicMs(), judgement);
    refuseAborted(call);
    const { category } = judgement;
    const route = this.#options.routes?.[category];
    const isRouted = route !== undefined && !round.tried.includes(route);
    if (!isRouted && !this.#goesOn(error, judgement)) throw error;
    round.errors.push(error);
    const routed = isRouted ? this.ring.named(route) : undefined;
    const next = isRouted ? routed && round.take(routed) : round.next();
    const told = { kind: "failover", from: member.name, to: next?.name, category, error } as const;
    this.#witnesses.tell(told, next !== undefined);
    return next;
  }

  #goesOn(error: unknown, judgement: Judgement): boolean {
    if (judgement.category === "cancelled") return false;
    const { when } = this.#options;
    if (when === undefined) return judgement.isFault || judgement.isTransient;
    try {
      return when(error, judgement);
    } catch {
      return false;
    }
  }

  #ask<T>(work: WorkOf<A, T>, member: Member<A>, { number, call }: Asked): Promise<T> {
    const provider = member.name;
    const told: Work<T> = (attempt) =>
      work(member.target, {
        number,
        provider,
        get signal() {
          return attempt.signal;
        },
      });
    const each = this.#each.get(provider);
    if (each !== undefined) return each.execute(told, call);
    return begin(told, new PlainAttempt(number, call?.signal));
  }

  async #degraded<T>(round: Round<A>, call: CallOptions | undefined): Promise<T> {
    const { whenAllFail } = this.#options;
    const { tried, errors } = round;
    const error = this.#allFailed(tried, errors);
    if (whenAllFail === undefined) throw error;
    refuseAborted(call);
    this.#witnesses.tell({
      kind: "fallback",
      category: judgeCall(this.#classify, error, call?.signal).category,
      error,
    });
    if (typeof whenAllFail !== "function") return whenAllFail as T;
    try {
      return await (whenAllFail as (error: AllFailedError) => T | PromiseLike<T>)(error);
    } catch {
      refuseAborted(call);
      // What went wrong first says more.
      throw error;
    }
  }

  #allFailed(tried: readonly string[], errors: readonly unknown[]): AllFailedError {
    const asked = tried.length === 0 ? this.ring.members.map((member) => member.name) : tried;
    const soonestMs = this.ring.soonestMs(this.#tools.monotonicMs());
    const retryAfterMs = soonestMs > 0 ? { retryAfterMs: soonestMs } : {};
    return new AllFailedError(this.name, { asked, errors, ...retryAfterMs });
  }
}

interface Failed<A> {
  readonly member: Member<A>;
  readonly round: Round<A>;
  readonly call: CallOptions | undefined;
}

interface Asked {
  readonly number: number;
  readonly call: CallOptions | undefined;
}

/** Who is still to be asked for one call. */
class Round<A> {
  readonly tried: string[] = [];
  readonly errors: unknown[] = [];
  readonly #order: readonly Member<A>[];
  readonly #attempts: number;

  constructor(order: readonly Member<A>[], attempts = Number.POSITIVE_INFINITY) {
    this.#order = order;
    this.#attempts = attempts;
  }

  next(): Member<A> | undefined {
    const member = this.#order.find((each) => !this.tried.includes(each.name));
    return member && this.take(member);
  }

  take(member: Member<A>): Member<A> | undefined {
    if (this.tried.length >= this.#attempts) return undefined;
    this.tried.push(member.name);
    return member;
  }
}

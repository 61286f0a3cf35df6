/**
 * Alternatives that do the same, and which of them to ask first. Pure: no clock, no calls.
 *
 * N1. Ejections never leave nobody: at most `maxEjectedShare` of all are ejected at a time, always
 *     fewer than all, and one that is alone never. A share of 0 ejects nobody, any other one may.
 * N2. Where everybody who is not ejected has asked to be left alone, ejected ones are asked after
 *     all (panic, as Envoy calls it): a guess about health is no reason to answer nobody.
 * N3. Who has asked to be left alone (Retry-After) is left alone, so long as it is allowed to ask
 *     for; only that can leave nobody to ask, and then it is known when that ends.
 */
import type { Judgement } from "../category.ts";
import type { Decision } from "../decision.ts";
import { Ejection, type EjectionLimits } from "./ejection.ts";

export interface Alternative<A> {
  readonly name: string;
  readonly target: A;
  /** What a call costs, in any unit that all of them share; for the order by cost. */
  readonly cost?: number;
}

/** Who comes first: as declared, or the fastest, the cheapest, the one that fails least. */
export type Preference = "order" | "latency" | "cost" | "health";

export interface RingOptions extends Partial<EjectionLimits> {
  /** Default `order`. Equals stay in the order in which they were declared. */
  readonly prefer?: Preference;
  /** Default 0.5; 0: nobody is ever ejected. */
  readonly maxEjectedShare?: number;
}

export const ringDefaults: Required<RingOptions> = {
  prefer: "order",
  maxEjectedShare: 0.5,
  consecutiveFaults: 5,
  failureRate: 0.5,
  minimumCalls: 20,
  windowMs: 30_000,
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxHoldMs: 60_000,
};

export interface Member<A> extends Alternative<A> {
  readonly place: number;
  readonly state: Ejection;
}

export interface AlternativeReport {
  readonly name: string;
  readonly state: "serving" | "ejected" | "held";
  /** Until it is asked again. */
  readonly leftMs: number;
  /** Attempts, each counted for itself, and how many of them were its fault. */
  readonly calls: number;
  readonly faults: number;
  /** Share of faults of late. */
  readonly failureRate: number;
  readonly latencyMs: number | undefined;
  readonly cost: number | undefined;
}

type Tell = (decision: Decision) => void;

export class Ring<A> {
  readonly members: readonly Member<A>[];
  readonly #maxEjected: number;
  readonly #tell: Tell;
  #prefer: Preference;
  #isPanicking = false;

  constructor(alternatives: readonly Alternative<A>[], options: RingOptions, tell: Tell) {
    const {
      prefer = ringDefaults.prefer,
      maxEjectedShare = ringDefaults.maxEjectedShare,
      ...limits
    } = options;
    const all = { ...ringDefaults, ...limits };
    this.members = alternatives.map((alternative, place) => ({
      ...alternative,
      place,
      state: new Ejection(all),
    }));
    const count = alternatives.length;
    const share = Math.max(1, Math.floor(count * maxEjectedShare));
    this.#maxEjected = maxEjectedShare === 0 ? 0 : Math.min(count - 1, share);
    this.#prefer = prefer;
    this.#tell = tell;
  }

  /** From now on. */
  prefer(preference: Preference): void {
    this.#prefer = preference;
  }

  named(name: string): Member<A> | undefined {
    return this.members.find((member) => member.name === name);
  }

  /** Whom to ask, the best first; empty only when all have asked to be left alone. */
  order(nowMs: number): readonly Member<A>[] {
    this.#readmit(nowMs);
    const asked = this.members.filter((member) => !member.state.isHeld(nowMs));
    const serving = asked.filter((member) => !member.state.isEjected(nowMs));
    const isPanic = serving.length === 0 && asked.length > 0;
    if (isPanic && !this.#isPanicking) {
      const reason = "everybody is ejected or has asked to be left alone: ejected ones are asked";
      this.#tell({ kind: "panic", reason });
    }
    this.#isPanicking = isPanic;
    return (isPanic ? asked : serving).toSorted((one, other) => this.#compare(one, other, nowMs));
  }

  /** Until the first of those who have asked to be left alone may be asked again. */
  soonestMs(nowMs: number): number {
    return Math.min(...this.members.map((member) => member.state.holdLeftMs(nowMs)));
  }

  succeeded(member: Member<A>, nowMs: number, elapsedMs: number): void {
    member.state.succeeded(nowMs, elapsedMs);
  }

  failed(member: Member<A>, nowMs: number, judgement: Judgement): void {
    const { state } = member;
    if (judgement.retryAfterMs !== undefined) state.hold(nowMs, judgement.retryAfterMs);
    if (!judgement.isFault) {
      state.dismissed();
      return;
    }
    const isSpent = judgement.category === "quota_exceeded";
    const reason = state.failed(nowMs) ?? (isSpent ? "its quota is used up" : undefined);
    if (reason === undefined || state.isEjected(nowMs) || !this.#mayEject(nowMs)) return;
    const forMs = state.eject(nowMs);
    this.#tell({ kind: "ejected", provider: member.name, reason, forMs });
  }

  reports(nowMs: number): readonly AlternativeReport[] {
    return this.members.map(({ name, cost, state }) => ({
      name,
      state: state.isHeld(nowMs) ? "held" : state.isEjected(nowMs) ? "ejected" : "serving",
      leftMs: state.leftMs(nowMs),
      calls: state.calls,
      faults: state.faults,
      failureRate: state.failureRate(nowMs),
      latencyMs: state.latencyMs(nowMs),
      cost,
    }));
  }

  /** N1. */
  #mayEject(nowMs: number): boolean {
    const ejected = this.members.filter((member) => member.state.isEjected(nowMs)).length;
    return ejected < this.#maxEjected;
  }

  #readmit(nowMs: number): void {
    for (const { name, state } of this.members) {
      if (state.takeReadmission(nowMs)) this.#tell({ kind: "readmitted", provider: name });
    }
  }

  #compare(one: Member<A>, other: Member<A>, nowMs: number): number {
    const difference = this.#weight(one, nowMs) - this.#weight(other, nowMs);
    // Both may be infinite: their difference is no number then.
    return difference || one.place - other.place;
  }

  #weight(member: Member<A>, nowMs: number): number {
    switch (this.#prefer) {
      case "order":
        return member.place;
      case "cost":
        return member.cost ?? Number.MAX_VALUE;
      case "health":
        return member.state.failureRate(nowMs);
      case "latency":
        // Not known, or not any more: asked first, so that it will be.
        return member.state.latencyMs(nowMs) ?? 0;
    }
  }
}

/**
 * A change that is watched: the figures of before against those since. It stays when the figure
 * that it was made for is better and none is worse; else it is undone.
 *
 * T1. Nothing is judged from fewer calls than `callsMin`, before or since; when they do not come in
 *     time, the change is undone: what cannot be shown to help goes.
 * T2. Where more calls fail than before, and not by chance, it is undone at once.
 * T3. A trial ends once; what is looked at afterwards changes nothing.
 */
import type { Figures } from "./figures.ts";
import type { Goal, Recommendation } from "./recommend.ts";

export type Trial =
  | {
      readonly kind: "watching";
      readonly recommendation: Recommendation;
      readonly before: Figures;
      readonly beganMs: number;
    }
  | {
      readonly kind: "kept" | "undone";
      readonly recommendation: Recommendation;
      readonly before: Figures;
      readonly after: Figures | undefined;
      readonly endedMs: number;
      readonly reason: string;
    };

export interface TrialRules {
  readonly callsMin: number;
  /** So long at least, so that a quiet minute proves nothing. */
  readonly watchMs: number;
  readonly deadlineMs: number;
  /** The goal must be better by this share. */
  readonly betterBy: number;
}

export const trialRules: TrialRules = {
  callsMin: 1000,
  watchMs: 300_000,
  deadlineMs: 3_600_000,
  betterBy: 0.05,
};

/** Undefined: there is too little to compare with (T1), or nothing that could be set. */
export function beginTrial(
  recommendation: Recommendation,
  before: Figures,
  { nowMs, rules = trialRules }: { readonly nowMs: number; readonly rules?: TrialRules },
): Trial | undefined {
  if (before.calls < rules.callsMin || recommendation.changes.length === 0) return undefined;
  return { kind: "watching", recommendation, before, beganMs: nowMs };
}

/** `since`: the figures from the change on. */
export function judgeTrial(
  trial: Trial,
  since: Figures,
  { nowMs, rules = trialRules }: { readonly nowMs: number; readonly rules?: TrialRules },
): Trial {
  if (trial.kind !== "watching") return trial;
  const { recommendation, before, beganMs } = trial;
  const end = (kind: "kept" | "undone", reason: string): Trial => {
    return { kind, recommendation, before, after: since, endedMs: nowMs, reason };
  };
  if (failsMore(before, since)) {
    return end(
      "undone",
      `${percent(since.failedShare)} of the calls fail, ${percent(before.failedShare)} did before`,
    );
  }
  const elapsedMs = nowMs - beganMs;
  if (since.calls < rules.callsMin) {
    if (elapsedMs < rules.deadlineMs) return trial;
    return end("undone", `only ${since.calls} calls since: too few to tell`);
  }
  if (elapsedMs < rules.watchMs) return trial;
  const { goal } = recommendation;
  const [was, is] = [valueOf(goal, before), valueOf(goal, since)];
  const words = `${goal} was ${told(was)} and is ${told(is)}`;
  if (goal !== "p999Ms" && since.p99Ms > before.p99Ms * 1.25 && before.timed >= rules.callsMin) {
    return end(
      "undone",
      `calls take longer: p99Ms was ${told(before.p99Ms)} and is ${told(since.p99Ms)}`,
    );
  }
  return is <= was * (1 - rules.betterBy) && is < was ? end("kept", words) : end("undone", words);
}

/** Somebody takes it back, or the reason for it is gone. */
export function endTrial(trial: Trial, reason: string, nowMs: number): Trial {
  if (trial.kind !== "watching") return trial;
  const { recommendation, before } = trial;
  return { kind: "undone", recommendation, before, after: undefined, endedMs: nowMs, reason };
}

/** Two shares that differ by more than three standard errors do so by chance once in 700 times. */
function failsMore(before: Figures, since: Figures): boolean {
  if (since.calls < 50) return false;
  const failures = before.failedShare * before.calls + since.failedShare * since.calls;
  const pooled = failures / (before.calls + since.calls);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / before.calls + 1 / since.calls));
  return since.failedShare - before.failedShare > 3 * error + 1e-9;
}

/** Turns are counted by the hour, so that times of different lengths compare. */
function valueOf(goal: Goal, figures: Figures): number {
  if (goal !== "turns") return figures[goal];
  return figures.elapsedMs > 0 ? (figures.turns * 3_600_000) / figures.elapsedMs : 0;
}

function told(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

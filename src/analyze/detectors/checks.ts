/**
 * Is it down? N of the last M looks say so.
 *
 * Intuition: one look that failed is an accident, a declared share of the last few is a failure.
 * What kind of failure it is follows from the last symptom: a process that is alive and does not
 * answer hangs, one whose port refuses is unreachable, one that answers wrongly fails its check.
 *
 * C1. Fewer than `down` failed looks among the last `of` are never called a failure.
 * C2. A look that passes is good evidence at once; how many are needed is for the verdict to say.
 * C3. While the machine is short of processor time, silence counts as one failed look only when it
 *     has lasted as long as patience asks; what looks that follow each other wait adds up.
 */
import { assert } from "../../kernel/index.ts";
import {
  type CheckReading,
  type FailureType,
  type Patience,
  patienceText,
  type Severity,
  type Symptom,
} from "../../model/index.ts";
import type { AskPatience, Detector, Opinion } from "../detector.ts";

export interface ChecksOptions {
  /** Default `checks`. */
  readonly name?: string;
  readonly sensor: string;
  /** Sensors that ask the same question; their passes are good evidence, their failures nothing. */
  readonly alsoGood?: readonly string[];
  readonly down: number;
  readonly of: number;
  readonly severity: Severity;
  /** Failure types by symptom where they differ from the defaults. */
  readonly types?: Partial<Record<Symptom, FailureType>>;
  /** One type whatever the symptom. */
  readonly type?: FailureType;
  /** How much longer than its timeout an answer may take now. */
  readonly patience?: { readonly timeoutMs: number; readonly ask: AskPatience };
}

interface ChecksState {
  /** The last looks, newest in the lowest bit; 1 = failed. */
  history: number;
  looks: number;
  /** How long the looks have waited that timed out since the last one that counted. */
  silentMs: number;
}

const defaultTypes: Readonly<Record<Symptom, FailureType>> = {
  refused: "unreachable",
  reset: "unreachable",
  timeout: "unreachable",
  unresolved: "unreachable",
  status: "check_failed",
  content: "check_failed",
  certificate: "certificate_invalid",
  stale: "stale",
  missing: "missing",
  slow: "slow",
  threshold: "threshold_exceeded",
  sensor: "check_failed",
};

export function checksDetector(options: ChecksOptions): Detector<ChecksState> {
  const { down, of } = options;
  assert(down >= 1 && down <= of && of <= 30, "1 <= down <= of <= 30");
  const typeOf = { ...defaultTypes, ...options.types };
  const types = options.type ? [options.type] : [...new Set(Object.values(typeOf))];
  const good: Opinion = { kind: "good", types };
  const suspect: Opinion = { kind: "suspect", types };
  const mask = 2 ** of - 1;
  return {
    name: options.name ?? "checks",
    sensors: [options.sensor, ...(options.alsoGood ?? [])],
    outlivesProcess: false,
    initial: () => ({ history: 0, looks: 0, silentMs: 0 }),
    judge(state, { reading, sensor }, now) {
      if (reading.kind !== "check") return undefined;
      if (sensor !== options.sensor) return reading.ok ? good : undefined;
      const patience = options.patience?.ask(now) ?? { factor: 1, reason: "" };
      const enoughMs =
        patience.factor > 1 ? (options.patience?.timeoutMs ?? 0) * patience.factor : 0;
      if (isTooEarly(state, reading, enoughMs)) return suspect;
      state.history = ((state.history << 1) | (reading.ok ? 0 : 1)) & mask;
      state.looks = Math.min(state.looks + 1, of);
      if (reading.ok) return good;
      const bad = bitCount(state.history);
      if (bad < down) return suspect;
      return {
        kind: "bad",
        type: options.type ?? typeOf[reading.symptom ?? "sensor"],
        severity: options.severity,
        reason: `${bad} of the last ${state.looks} looks failed: ${sentence(reading)}${waitedText(reading, patience)}`,
      };
    },
  };
}

/** Keeps C3. Sensors end a little before or after their time, so nearly is enough. */
function isTooEarly(state: ChecksState, reading: CheckReading, enoughMs: number): boolean {
  if (reading.ok || reading.symptom !== "timeout") {
    state.silentMs = 0;
    return false;
  }
  state.silentMs += Math.max(1, reading.elapsedMs);
  if (state.silentMs < enoughMs * 0.9) return true;
  state.silentMs = 0;
  return false;
}

/** An answer, whatever it says, was waited for no longer than it took. */
function waitedText({ symptom }: CheckReading, patience: Patience): string {
  return symptom === "timeout" ? patienceText(patience) : "";
}

function sentence(reading: CheckReading): string {
  return reading.reason.endsWith(".") ? reading.reason.slice(0, -1) : reading.reason;
}

function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest > 0; rest &= rest - 1) count += 1;
  return count;
}

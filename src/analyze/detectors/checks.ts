/**
 * Is it down? N of the last M looks say so.
 *
 * Intuition: one look that failed is an accident, a declared share of the last few is a failure.
 * What kind of failure it is follows from the last symptom: a process that is alive and does not
 * answer hangs, one whose port refuses is unreachable, one that answers wrongly fails its check.
 *
 * C1. Fewer than `down` failed looks among the last `of` are never called a failure.
 * C2. A look that passes is good evidence at once; how many are needed is for the verdict to say.
 */
import { assert } from "../../kernel/index.ts";
import type { CheckReading, FailureType, Severity, Symptom } from "../../model/index.ts";
import type { Detector, Opinion } from "../detector.ts";

export interface ChecksOptions {
  readonly sensor: string;
  /** Sensors that ask the same question; their passes are good evidence, their failures nothing. */
  readonly alsoGood?: readonly string[];
  readonly down: number;
  readonly of: number;
  readonly severity: Severity;
  /** Failure types by symptom where they differ from the defaults. */
  readonly types?: Partial<Record<Symptom, FailureType>>;
}

interface ChecksState {
  /** The last looks, newest in the lowest bit; 1 = failed. */
  history: number;
  looks: number;
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
  const types = [...new Set(Object.values(typeOf))];
  const good: Opinion = { kind: "good", types };
  const suspect: Opinion = { kind: "suspect", types };
  const mask = 2 ** of - 1;
  return {
    name: "checks",
    sensors: [options.sensor, ...(options.alsoGood ?? [])],
    outlivesProcess: false,
    initial: () => ({ history: 0, looks: 0 }),
    judge(state, { reading, sensor }) {
      if (reading.kind !== "check") return undefined;
      if (sensor !== options.sensor) return reading.ok ? good : undefined;
      state.history = ((state.history << 1) | (reading.ok ? 0 : 1)) & mask;
      state.looks = Math.min(state.looks + 1, of);
      if (reading.ok) return good;
      const bad = bitCount(state.history);
      if (bad < down) return suspect;
      return {
        kind: "bad",
        type: typeOf[reading.symptom ?? "sensor"],
        severity: options.severity,
        reason: `${bad} of the last ${state.looks} looks failed: ${sentence(reading)}`,
      };
    },
  };
}

function sentence(reading: CheckReading): string {
  return reading.reason.endsWith(".") ? reading.reason.slice(0, -1) : reading.reason;
}

function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest > 0; rest &= rest - 1) count += 1;
  return count;
}

/**
 * Does it fail too often, though never often enough in a row to be called down? The share of failed
 * looks among the last `looksKept` is held against the declared one
 * (`detection.thresholds.error_rate`).
 *
 * A few looks prove no share: at least `looksMin` must be there, and `failedMin` must have failed.
 */
import type { Detector, Opinion } from "../detector.ts";

export interface ErrorRateOptions {
  readonly sensor: string;
  /** From 0 to 1. */
  readonly share: number;
}

const looksKept = 200;
const looksMin = 50;
const failedMin = 3;

const good: Opinion = { kind: "good", types: ["threshold_exceeded"] };

/** The last looks as a ring: true has failed. */
interface ErrorRateState {
  readonly failed: boolean[];
  next: number;
}

export function errorRateDetector(options: ErrorRateOptions): Detector<ErrorRateState> {
  return {
    name: "error-rate",
    sensors: [options.sensor],
    outlivesProcess: false,
    hearsItselfOnly: true,
    initial: () => ({ failed: [], next: 0 }),
    judge(state, { reading }) {
      if (reading.kind !== "check") return undefined;
      state.failed[state.next] = !reading.ok;
      state.next = (state.next + 1) % looksKept;
      const looks = state.failed.length;
      const failed = state.failed.filter(Boolean).length;
      const isProven = looks >= looksMin && failed >= failedMin;
      if (!isProven || failed / looks <= options.share) return good;
      const reason = `${failed} of the last ${looks} looks failed (${percent(failed / looks)}); declared are ${percent(options.share)}`;
      return { kind: "bad", type: "threshold_exceeded", severity: "medium", reason };
    },
  };
}

export function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`;
}

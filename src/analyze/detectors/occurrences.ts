/**
 * Things that happen rather than last: lines in a log, a clock that was set. So many within a
 * window are a failure; a look that finds none any more is good evidence.
 */
import type { FailureType, Severity } from "../../model/index.ts";
import type { Detector, Opinion } from "../detector.ts";

export interface OccurrencesOptions {
  readonly sensor: string;
  readonly type: FailureType;
  readonly severity: Severity;
  readonly countMax: number;
  readonly windowMs: number;
}

interface OccurrencesState {
  seen: { readonly atMs: number; readonly count: number }[];
}

/** Older entries are merged beyond this many. */
const entriesMax = 256;

export function occurrencesDetector(options: OccurrencesOptions): Detector<OccurrencesState> {
  const good: Opinion = { kind: "good", types: [options.type] };
  return {
    name: "occurrences",
    sensors: [options.sensor],
    outlivesProcess: true,
    initial: () => ({ seen: [] }),
    judge(state, { reading }, now) {
      if (reading.kind !== "occurrence") return undefined;
      const sinceMs = now.monotonicMs - options.windowMs;
      state.seen = state.seen.filter((entry) => entry.atMs > sinceMs).slice(-entriesMax);
      if (reading.count > 0) state.seen.push({ atMs: now.monotonicMs, count: reading.count });
      const count = state.seen.reduce((sum, entry) => sum + entry.count, 0);
      if (count < options.countMax || reading.count === 0) return count === 0 ? good : undefined;
      const reason = `${reading.name} ${count} times within ${options.windowMs} ms: ${reading.reason}`;
      return { kind: "bad", type: options.type, severity: options.severity, reason };
    },
  };
}

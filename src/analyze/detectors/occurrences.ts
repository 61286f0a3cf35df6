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
  seen: Seen[];
}

interface Seen {
  readonly atMs: number;
  readonly count: number;
}

/** A window is kept in at most so many parts: what is nearer to each other is counted together. */
const partsMax = 256;

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
      state.seen = state.seen.filter((entry) => entry.atMs > sinceMs);
      if (reading.count > 0) {
        const partMs = options.windowMs / partsMax;
        countIn(state.seen, { atMs: now.monotonicMs, count: reading.count }, partMs);
      }
      const count = state.seen.reduce((sum, entry) => sum + entry.count, 0);
      if (count < options.countMax || reading.count === 0) return count === 0 ? good : undefined;
      const reason = `${reading.name} ${count} times within ${options.windowMs} ms: ${reading.reason}`;
      return { kind: "bad", type: options.type, severity: options.severity, reason };
    },
  };
}

/** None is lost, however many there are: a part keeps the time of its first. */
function countIn(seen: Seen[], { atMs, count }: Seen, partMs: number): void {
  const last = seen.at(-1);
  if (last === undefined || atMs - last.atMs >= partMs) seen.push({ atMs, count });
  else seen[seen.length - 1] = { atMs: last.atMs, count: last.count + count };
}

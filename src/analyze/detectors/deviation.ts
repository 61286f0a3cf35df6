/**
 * Is it unusual? The duration of good looks is held against the baseline of the last hour. What is
 * far off for a while is worth a note of low severity: nothing is done about it, but people see it
 * beside what fails later.
 *
 * Only durations are judged, and only those that a person would notice: the load of a fleet changes
 * for good reasons, its answers should not become slow.
 */
import type { ResourceId } from "../../model/index.ts";
import { type BaselineSummary, deviation } from "../../statistics/index.ts";
import type { Detector, Opinion } from "../detector.ts";

/** What was usual for a series within the last hour; undefined while that is not known. */
export type Usual = (resource: ResourceId, series: string) => BaselineSummary | undefined;

export interface DeviationDetectorOptions {
  readonly sensor: string;
  readonly usual: Usual;
}

interface DeviationState {
  unusual: number;
  sinceMs: number;
}

/** A spread below this is no spread: nobody notices it. */
const floorMs = 50;
const scoreMin = 8;
const countMin = 120;
/** So many looks in a row, and for so long. */
const looksMin = 10;
const lastsMs = 60_000;

const good: Opinion = { kind: "good", types: ["deviation"] };

export function deviationDetector(options: DeviationDetectorOptions): Detector<DeviationState> {
  const series = `${options.sensor}.elapsed`;
  return {
    name: "deviation",
    sensors: [options.sensor],
    outlivesProcess: false,
    initial: () => ({ unusual: 0, sinceMs: 0 }),
    judge(state, { reading, resource, begunMs }) {
      if (reading.kind !== "check" || !reading.ok) return undefined;
      const { elapsedMs } = reading;
      const usual = elapsedMs < scoreMin * floorMs ? undefined : options.usual(resource, series);
      const score = usual && deviation(elapsedMs, usual, { countMin, floor: floorMs });
      if (usual === undefined || score === undefined || score < scoreMin) {
        state.unusual = 0;
        return good;
      }
      if (state.unusual === 0) state.sinceMs = begunMs;
      state.unusual += 1;
      if (state.unusual < looksMin || begunMs - state.sinceMs < lastsMs) return undefined;
      const reason = `${series} is ${Math.round(elapsedMs)} ms; usual within the last hour: ${Math.round(usual.p50)} ms, p99 ${Math.round(usual.p99)} ms`;
      return { kind: "bad", type: "deviation", severity: "low", reason };
    },
  };
}

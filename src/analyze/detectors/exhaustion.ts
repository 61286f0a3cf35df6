import type { FailureType } from "../../model/index.ts";
import type { Detector, Opinion } from "../detector.ts";

export interface ExhaustionOptions {
  readonly series: Readonly<Record<string, FailureType>>;
  readonly leadMs: number;
  readonly forgetsMs: number;
}

export function exhaustionDetector(options: ExhaustionOptions): Detector<{ last: Map<string, [number, number][]> }> {
  const types = [...new Set(Object.values(options.series))];
  const good: Opinion = { kind: "good", types };
  return {
    name: "exhaustion",
    sensors: "all",
    outlivesProcess: false,
    initial: () => ({ last: new Map() }),
    judge(state, { reading, begunMs }) {
      if (reading.kind !== "samples") return undefined;
      for (const { series, value, limit } of reading.samples) {
        const type = options.series[series];
        if (type === undefined || limit === undefined) continue;
        const ring = state.last.get(series) ?? [];
        state.last.set(series, ring);
        ring.push([begunMs, value]);
        if (ring.length > 8) ring.shift();
        const first = ring[0] as [number, number];
        if (ring.length < 6) continue;
        const slope = (value - first[1]) / (begunMs - first[0]);
        const left = slope > 0 ? (limit - value) / slope : Infinity;
        if (left < options.leadMs) return { kind: "bad", type, severity: "high", reason: `${series} full in ${Math.round(left)} ms` };
      }
      return good;
    },
  };
}

/**
 * Does it answer, and too late? The fleet file says how long a good answer may take
 * (`detection.thresholds.response_time`); as many of the last looks as make a failure of this probe
 * must have taken longer. While the machine is short of processor time, that is no fault of theirs.
 */
import { patienceText } from "../../model/index.ts";
import type { AskPatience, Detector, Opinion } from "../detector.ts";

export interface LatencyOptions {
  readonly sensor: string;
  readonly limitMs: number;
  readonly down: number;
  readonly of: number;
  readonly patience: AskPatience;
}

const good: Opinion = { kind: "good", types: ["slow"] };
const suspect: Opinion = { kind: "suspect", types: ["slow"] };

/** The last looks, oldest first: true was too slow. */
type LatencyState = { looks: boolean[] };

export function latencyDetector(options: LatencyOptions): Detector<LatencyState> {
  const { limitMs, down, of } = options;
  return {
    name: "latency",
    sensors: [options.sensor],
    outlivesProcess: false,
    hearsItselfOnly: true,
    initial: () => ({ looks: [] }),
    judge(state, { reading }, now) {
      if (reading.kind !== "check" || !reading.ok) return undefined;
      const patience = options.patience(now);
      const isSlow = reading.elapsedMs > limitMs * patience.factor;
      state.looks = [...state.looks, isSlow].slice(-of);
      if (!isSlow) return good;
      const slow = state.looks.filter(Boolean).length;
      if (slow < down) return suspect;
      const took = `${slow} of the last ${state.looks.length} answers took too long, this one ${Math.round(reading.elapsedMs)} ms`;
      const reason = `${took}; declared are ${limitMs} ms${patienceText(patience)}`;
      return { kind: "bad", type: "slow", severity: "medium", reason };
    },
  };
}

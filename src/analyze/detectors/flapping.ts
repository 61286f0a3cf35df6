/**
 * Up, down, up, down: each time it looks well again, and nothing is healed. So many changes of one
 * process within the window are a failure of their own; a quiet window, or a new process, is good
 * evidence.
 */
import type { Detector, Opinion } from "../detector.ts";

interface FlappingState {
  wasOk: boolean | undefined;
  changesMs: number[];
}

const good: Opinion = { kind: "good", types: ["flapping"] };

export function flappingDetector(options: {
  sensor: string;
  changesMax: number;
  windowMs: number;
}): Detector<FlappingState> {
  return {
    name: "flapping",
    sensors: [options.sensor],
    outlivesProcess: false,
    initial: () => ({ wasOk: undefined, changesMs: [] }),
    judge(state, { reading }, now) {
      if (reading.kind !== "check") return undefined;
      const changed = state.wasOk !== undefined && state.wasOk !== reading.ok;
      state.wasOk = reading.ok;
      if (!changed && state.changesMs.length === 0) return good;
      const sinceMs = now.monotonicMs - options.windowMs;
      state.changesMs = state.changesMs.filter((at) => at > sinceMs).slice(-options.changesMax);
      if (changed) state.changesMs.push(now.monotonicMs);
      const changes = state.changesMs.length;
      if (changes < options.changesMax) return changes === 0 ? good : undefined;
      const reason = `changed between well and unwell ${changes} times within ${options.windowMs} ms`;
      return { kind: "bad", type: "flapping", severity: "medium", reason };
    },
  };
}

/**
 * The kernel says that the process is stopped or traced (state T). Alone that may be a person with
 * a debugger; together with a look that timed out it is a hang, and one such look is enough.
 * Where there are no looks, `patience` readings in a row are.
 */
import type { Detector, Opinion } from "../detector.ts";

interface StoppedState {
  stopped: number;
  timedOut: boolean;
}

const good: Opinion = { kind: "good", types: ["hang"] };

export function stoppedDetector(options: {
  hasProbes: boolean;
  patience: number;
}): Detector<StoppedState> {
  return {
    name: "stopped",
    sensors: ["usage", "liveness"],
    outlivesProcess: false,
    initial: () => ({ stopped: 0, timedOut: false }),
    judge(state, { reading, sensor }) {
      if (sensor === "usage") {
        if (reading.kind !== "check") return options.hasProbes ? undefined : good;
        // That the numbers could not be read says nothing about the process.
        if (reading.symptom === "sensor") return undefined;
        state.stopped = reading.ok ? 0 : state.stopped + 1;
        if (reading.ok) return options.hasProbes ? undefined : good;
      } else if (reading.kind === "check") {
        state.timedOut = !reading.ok && reading.symptom === "timeout";
        if (reading.ok) state.stopped = 0;
      }
      const proven = options.hasProbes ? state.timedOut : state.stopped >= options.patience;
      if (state.stopped === 0 || !proven) return undefined;
      const reason = "the process is stopped (state T) and does not answer";
      return { kind: "bad", type: "hang", severity: "high", reason };
    },
  };
}

/**
 * Alive, answering, and not working: work waits and the counter of finished work stands still.
 *
 * W1. Without waiting work nothing is judged: an idle service is well.
 * W2. Any growth of the counter, or a fall of it (the process began anew), is progress.
 */
import { assert } from "../../kernel/index.ts";
import { patienceText } from "../../model/index.ts";
import type { AskPatience, Detector, Opinion } from "../detector.ts";

export interface StalledWorkOptions {
  /** Which kind of work; its sensor is `work.<name>`. */
  readonly work: string;
  readonly stallAfterMs: number;
  readonly patience?: AskPatience;
}

interface StallState {
  done: number | undefined;
  /** Since when (monotonic) the counter has stood at `done` while work waited. */
  sinceMs: number | undefined;
}

export function stalledWorkDetector(options: StalledWorkOptions): Detector<StallState> {
  assert(options.stallAfterMs > 0, "stallAfterMs is above zero");
  // A service may do several kinds of work: that one goes on says nothing of the others.
  const { work: part } = options;
  const good: Opinion = { kind: "good", types: ["stalled_work"], part };
  const suspect: Opinion = { kind: "suspect", types: ["stalled_work"], part };
  return {
    name: `stalled-work.${part}`,
    sensors: [`work.${part}`],
    outlivesProcess: false,
    initial: () => ({ done: undefined, sinceMs: undefined }),
    judge(state, { reading, begunMs }, now) {
      if (reading.kind !== "work") return undefined;
      const progressed = state.done !== undefined && reading.done !== state.done;
      state.done = reading.done;
      if (progressed || reading.waiting <= 0) {
        state.sinceMs = reading.waiting > 0 ? begunMs : undefined;
        return good;
      }
      state.sinceMs ??= begunMs;
      const stalledMs = begunMs - state.sinceMs;
      const patience = options.patience?.(now) ?? { factor: 1, reason: "" };
      if (stalledMs < options.stallAfterMs * patience.factor) return suspect;
      const reason = `${reading.counter} has stood at ${reading.done} for ${Math.round(stalledMs)} ms while ${reading.waiting} wait${patienceText(patience)}`;
      return { kind: "bad", type: "stalled_work", part, severity: "high", reason };
    },
  };
}

/**
 * Does the process live? An exit that we did not ask for is a failure at once; several in a short
 * time are a crash loop; one that cannot be started has failed to start; one that never becomes
 * ready has missed its start deadline.
 *
 * L1. An exit that was asked for is never a failure, nor one with code 0 that the restart policy
 *     lets rest. With the policy never, an end that nobody saw is none either.
 * L2. A crash loop needs `loopCrashes` exits within `crashWindowMs`, each of a run shorter than
 *     `healthyRunMs`: a service that crashes once an hour is not in a loop.
 * L3. Good evidence of life is a passed look; where nothing is asked after the start, the numbers
 *     of the living process.
 */
import { formatDuration, type Instant } from "../../kernel/index.ts";
import {
  type ExitedReading,
  type FailureType,
  isHowKnown,
  type Observation,
  patienceText,
} from "../../model/index.ts";
import type { AskPatience, Detector, Opinion } from "../detector.ts";

export interface ProcessLifeOptions {
  readonly restart: "always" | "on-failure" | "never";
  readonly startTimeoutMs: number;
  /** A start is asked about until it is ready. */
  readonly hasProbes: boolean;
  /** And it is asked again and again afterwards. */
  readonly isAskedAgain: boolean;
  readonly loopCrashes: number;
  readonly crashWindowMs: number;
  readonly healthyRunMs: number;
  /** Who starts while the machine is busy gets more time. */
  readonly patience?: AskPatience;
}

interface LifeState {
  /** Monotonic times of the last exits that count towards a loop. */
  crashes: number[];
  /** Set while a process is starting and has not passed a look yet. */
  startDueMs: number | undefined;
  startedMs: number;
}

const types: readonly FailureType[] = [
  "process_exited",
  "crash_loop",
  "start_failed",
  "start_timeout",
];
const good: Opinion = { kind: "good", types };

export function processLifeDetector(options: ProcessLifeOptions): Detector<LifeState> {
  return {
    name: "process-life",
    sensors: "all",
    outlivesProcess: true,
    initial: () => ({ crashes: [], startDueMs: undefined, startedMs: 0 }),
    judge(state, observation, now) {
      const { reading } = observation;
      if (reading.kind === "started") {
        state.startedMs = now.monotonicMs;
        state.startDueMs = options.hasProbes ? now.monotonicMs + options.startTimeoutMs : undefined;
        return undefined;
      }
      if (reading.kind === "exited") return judgeExit(state, reading, { options, now });
      if (reading.kind === "check" && observation.sensor === "process" && !reading.ok) {
        return { kind: "bad", type: "start_failed", severity: "high", reason: reading.reason };
      }
      if (!showsLife(state, observation, options)) return undefined;
      state.startDueMs = undefined;
      return good;
    },
    silence: {
      dueMs: (state) => state.startDueMs,
      judge(state, now) {
        if (state.startDueMs === undefined || now.monotonicMs < state.startDueMs) return undefined;
        const patience = options.patience?.(now) ?? { factor: 1, reason: "" };
        state.startDueMs = state.startedMs + options.startTimeoutMs * patience.factor;
        if (now.monotonicMs < state.startDueMs) return undefined;
        state.startDueMs = undefined;
        const waitedMs = Math.round(now.monotonicMs - state.startedMs);
        const reason = `not ready within ${waitedMs} ms of its start${patienceText(patience)}`;
        return { kind: "bad", type: "start_timeout", severity: "high", reason };
      },
    },
  };
}

function judgeExit(
  state: LifeState,
  reading: ExitedReading,
  by: { readonly options: ProcessLifeOptions; readonly now: Instant },
): Opinion | undefined {
  const { options, now } = by;
  if (reading.expected) return undefined;
  state.startDueMs = undefined;
  if (options.restart !== "always" && reading.code === 0) return undefined;
  if (options.restart === "never") return judgeLastExit(reading);
  if (reading.uptimeMs >= options.healthyRunMs) state.crashes = [];
  else state.crashes.push(now.monotonicMs);
  state.crashes = state.crashes.filter((at) => at > now.monotonicMs - options.crashWindowMs);
  const how = exitText(reading);
  if (state.crashes.length >= options.loopCrashes) {
    const reason = `${state.crashes.length} exits in a row without a healthy run, last ${how}`;
    return { kind: "bad", type: "crash_loop", severity: "critical", reason };
  }
  return { kind: "bad", type: "process_exited", severity: "high", reason: `the process ${how}` };
}

/** Nobody restarts it, so there is no loop to be in. */
function judgeLastExit(reading: ExitedReading): Opinion | undefined {
  // Whoever vanished while no daemon looked may have done its work.
  if (!isHowKnown(reading)) return undefined;
  const reason = `the process ${exitText(reading)}; its restart policy is never`;
  return { kind: "bad", type: "process_exited", severity: "high", reason };
}

function exitText(reading: ExitedReading): string {
  const ran = `after ${formatDuration(reading.uptimeMs)}`;
  if (reading.outOfMemory) return `was killed at its memory limit ${ran}`;
  if (reading.signal !== null) return `was ended by ${reading.signal} ${ran}`;
  return reading.code === null ? `vanished ${ran}` : `exited with code ${reading.code} ${ran}`;
}

function showsLife(
  state: LifeState,
  { reading, sensor }: Observation,
  options: ProcessLifeOptions,
): boolean {
  if (sensor === "startup" || sensor === "liveness" || sensor === "readiness") {
    return reading.kind === "check" && reading.ok;
  }
  const isStarted = state.startDueMs === undefined;
  return !options.isAskedAgain && isStarted && sensor === "usage" && reading.kind === "samples";
}

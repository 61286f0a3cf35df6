/**
 * Protection of a whole process without a change to its code: stalls of the event loop, growth
 * towards a limit, errors that it has survived. It reports and changes nothing.
 *
 * 1. It keeps no process alive, and ends none.
 * 2. A worker thread has no loop of the process and no heap limit to report: there only errors
 *    are looked after.
 */
import { parseDurationMs } from "../../kernel/index.ts";
import type { SilentError } from "../events.ts";
import { watchGrowth } from "./growth-watch.ts";
import { tellFinding } from "./process-findings.ts";
import type { Stall } from "./stall-share.ts";
import { watchStalls } from "./stall-watch.ts";
import { SurvivedErrors } from "./survived-errors.ts";
import { type Tell, wholeProcess } from "./tell.ts";

export interface GuardOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The loop may be blocked for so long, 0: any time. Default: as the environment says, 200. */
  readonly stallMs?: number | undefined;
  /** Writes a line on stderr for people, who are told only there when a stall never ends. */
  readonly say?: (text: string) => void;
}

export interface ProcessGuard {
  /** What `process.emit` was called with. */
  readonly see: (details: readonly unknown[]) => void;
  readonly stop: () => void;
}

const linePrefix = "soulmirror: ";
const stallUsualMs = 200;

export function guardProcess({ environment, stallMs, say }: GuardOptions): ProcessGuard {
  const report: Tell = (found) => {
    say?.(found.reason);
    tellFinding(found);
  };
  const errors = new SurvivedErrors(report);
  const stops = [(): void => errors.stop()];
  if (process.getBuiltinModule("node:worker_threads").isMainThread) {
    const thresholdMs = stallMs ?? stallThresholdMs(environment["RELIABILITY_STALL_MS"], say);
    if (thresholdMs > 0) {
      // The watchdog writes the line itself, since the blocked thread cannot.
      const onStall = (stall: Stall): void => tellFinding(ofStall(stall));
      const lines = say === undefined ? {} : { linePrefix };
      stops.push(watchStalls({ thresholdMs, ...lines, onStall }));
    }
    stops.push(watchGrowth(report));
  }
  return {
    see: (details) => errors.see(details),
    stop() {
      for (const stop of stops.splice(0)) stop();
    },
  };
}

/** 0: off. */
function stallThresholdMs(word: string | undefined, say: GuardOptions["say"]): number {
  if (word === undefined || word === "") return stallUsualMs;
  const thresholdMs = word === "off" ? 0 : parseDurationMs(word);
  if (thresholdMs === 0 || (thresholdMs !== undefined && thresholdMs >= 20)) return thresholdMs;
  const wants = "expected a duration from 20ms, or off";
  say?.(`RELIABILITY_STALL_MS: ${wants}, found "${word}"; fix: write RELIABILITY_STALL_MS=200ms`);
  return stallUsualMs;
}

function ofStall({ blockedMs, stack }: Stall): SilentError {
  const [first] = stack;
  const where = first ? ` in ${first.function} (${first.file}:${first.line})` : "";
  return {
    operation: wholeProcess,
    type: "event_loop_stall",
    reason: `the event loop was blocked for ${blockedMs} ms and longer${where}`,
    evidence: { blockedMs, stack },
  };
}

import type { Deadline } from "../model/index.ts";
import { longestDelayMs } from "./real-clock.ts";

/**
 * A deadline in real time; it keeps no process alive. Not `AbortSignal.timeout`: that one cannot be
 * ended, so it fires, with an error and its stack, behind every look that was well.
 */
export function openDeadline(timeoutMs: number): Deadline {
  const controller = new AbortController();
  const delayMs = Math.min(timeoutMs, longestDelayMs);
  const timer = setTimeout(() => controller.abort(passed), delayMs).unref();
  return { signal: controller.signal, end: () => clearTimeout(timer) };
}

const passed = "the deadline has passed";

/**
 * Was the wall clock set? Between two ticks both clocks go the same way; when their difference
 * changes by more than the declared jump, somebody or something has set the wall clock. Nothing
 * here depends on it (durations are monotonic, ids stay ordered), but people and other programs do.
 *
 * After a jump a quiet reading follows every second until the failure can be closed; also after the
 * start of a daemon, when the one before has seen a jump.
 */
import { formatDuration, type Instant } from "../kernel/index.ts";
import { hostClock, type Observation } from "../model/index.ts";

export interface ClockWatch {
  /** Wall minus monotonic time at the last tick. */
  offsetMs: number | undefined;
  /** Quiet readings are given until then. */
  quietUntilMs: number;
  nextQuietMs: number;
}

const quietEveryMs = 1000;

export function createClockWatch(): ClockWatch {
  return { offsetMs: undefined, quietUntilMs: 0, nextQuietMs: Number.POSITIVE_INFINITY };
}

/** Somebody has a failure to close by what follows. */
export function awaitQuiet(watch: ClockWatch, watchMs: number, now: Instant): void {
  watch.quietUntilMs = now.monotonicMs + watchMs * 3;
  watch.nextQuietMs = now.monotonicMs + quietEveryMs;
}

export function watchClock(
  watch: ClockWatch,
  limits: { readonly jumpMs: number; readonly watchMs: number },
  now: Instant,
): Observation | undefined {
  const offsetMs = now.wallMs - now.monotonicMs;
  const jumpMs = watch.offsetMs === undefined ? 0 : offsetMs - watch.offsetMs;
  watch.offsetMs = offsetMs;
  if (Math.abs(jumpMs) >= limits.jumpMs) {
    awaitQuiet(watch, limits.watchMs, now);
    const way = jumpMs > 0 ? "forward" : "back";
    const reason = `the wall clock was set ${way} by ${formatDuration(Math.abs(jumpMs))}`;
    return occurrence(now, { count: 1, reason, value: jumpMs });
  }
  if (now.monotonicMs < watch.nextQuietMs) return undefined;
  const isOver = now.monotonicMs >= watch.quietUntilMs;
  watch.nextQuietMs = isOver ? Number.POSITIVE_INFINITY : now.monotonicMs + quietEveryMs;
  return occurrence(now, { count: 0, reason: "the wall clock goes on as it should", value: 0 });
}

function occurrence(
  now: Instant,
  seen: { readonly count: number; readonly reason: string; readonly value: number },
): Observation {
  return {
    resource: hostClock,
    sensor: "clock",
    at: now.wallMs,
    begunMs: now.monotonicMs,
    reading: { kind: "occurrence", name: "clock jump", ...seen },
  };
}

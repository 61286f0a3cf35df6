/**
 * Do requests fail that people make? The front proxy counts them by service; the share of those
 * that failed within the window is held against the declared one
 * (`detection.thresholds.error_rate`). Looks may all be well meanwhile.
 *
 * Counters only grow; one that has fallen is of a new proxy, and the window begins anew.
 */
import type { Sample } from "../../model/index.ts";
import type { Detector, Opinion } from "../detector.ts";
import { percent } from "./error-rate.ts";

export interface RequestErrorsOptions {
  /** From 0 to 1. */
  readonly share: number;
  readonly windowMs: number;
}

interface Count {
  readonly atMs: number;
  readonly requests: number;
  readonly failures: number;
}

const requestsMin = 50;
const failuresMin = 3;
const countsMax = 600;

const good: Opinion = { kind: "good", types: ["threshold_exceeded"] };

export function requestErrorsDetector(
  options: RequestErrorsOptions,
): Detector<Map<string, Count[]>> {
  return {
    name: "request-errors",
    sensors: ["proxy"],
    outlivesProcess: true,
    hearsItselfOnly: true,
    initial: () => new Map(),
    judge(state, { reading }, { monotonicMs: atMs }) {
      if (reading.kind !== "samples") return undefined;
      const troubles: string[] = [];
      for (const [service, now] of countsIn(reading.samples)) {
        const counts = state.get(service) ?? [];
        const last = counts.at(-1);
        if (last && now.requests < last.requests) counts.length = 0;
        counts.push({ atMs, ...now });
        while (counts.length > countsMax || isOld(counts, atMs - options.windowMs)) counts.shift();
        state.set(service, counts);
        const trouble = troubleIn(counts, options);
        if (trouble !== undefined) troubles.push(`${service}: ${trouble}`);
      }
      if (troubles.length === 0) return good;
      const reason = troubles.join("; ");
      return { kind: "bad", type: "threshold_exceeded", severity: "high", reason };
    },
  };
}

/** The count before the window is kept: what was counted within it is the difference. */
function isOld(counts: readonly Count[], sinceMs: number): boolean {
  const second = counts[1];
  return second !== undefined && second.atMs <= sinceMs;
}

function troubleIn(counts: readonly Count[], options: RequestErrorsOptions): string | undefined {
  const [first, last] = [counts[0], counts.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const requests = last.requests - first.requests;
  const failures = last.failures - first.failures;
  if (requests < requestsMin || failures < failuresMin) return undefined;
  if (failures / requests <= options.share) return undefined;
  const seconds = Math.round((last.atMs - first.atMs) / 1000);
  return `${failures} of ${requests} requests failed within ${seconds} s (${percent(failures / requests)}); declared are ${percent(options.share)}`;
}

/** Series are `requests:<service>` and `failures:<service>`. */
function countsIn(samples: readonly Sample[]): Map<string, { requests: number; failures: number }> {
  const counts = new Map<string, { requests: number; failures: number }>();
  for (const { series, value } of samples) {
    const colon = series.indexOf(":");
    const service = series.slice(colon + 1);
    const count = counts.get(service) ?? { requests: 0, failures: 0 };
    if (series.startsWith("requests:")) count.requests = value;
    else if (series.startsWith("failures:")) count.failures = value;
    else continue;
    counts.set(service, count);
  }
  return counts;
}

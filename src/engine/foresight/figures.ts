/**
 * What an operation did between two looks: the difference of two reports, whose counts only grow.
 *
 * 1. Quantiles are of the calls that were timed within that time, not of all since the start.
 * 2. Fewer calls than before (another operation took the name over) begin anew.
 */
import type { OperationReport } from "../operation.ts";

/** What is kept of a look. */
export interface Look {
  readonly atMs: number;
  readonly calls: number;
  readonly failed: number;
  readonly timeouts: number;
  readonly poolExhausted: number;
  /** Calls that were refused, or would have been. */
  readonly rejected: number;
  /** Changes of the circuit's phase. */
  readonly turns: number;
  readonly inFlight: number;
  /** Timed calls by their duration in milliseconds. */
  readonly bins: ReadonlyMap<number, number>;
}

export interface Figures {
  readonly elapsedMs: number;
  readonly calls: number;
  readonly callsPerSecond: number;
  /** Shares of the calls, 0 to 1. */
  readonly failedShare: number;
  readonly timeoutShare: number;
  readonly rejectedShare: number;
  readonly poolExhausted: number;
  readonly turns: number;
  readonly inFlight: number;
  readonly timed: number;
  /** Milliseconds; 0 when nothing was timed. */
  readonly meanMs: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  /** Of the calls alone that did not run into their timeout: those that hang say nothing here. */
  readonly answeredP999Ms: number;
}

export function lookAt(report: OperationReport, atMs: number): Look {
  const bins = new Map<number, number>();
  report.latency.forEachBin((middle, count) => void bins.set(middle, count));
  return {
    atMs,
    calls: report.calls,
    failed: report.failed,
    timeouts: report.failures.timeout ?? 0,
    poolExhausted: report.failures.pool_exhausted ?? 0,
    rejected: report.decisions["rejected"]?.detected ?? 0,
    turns: report.decisions["breaker"]?.detected ?? 0,
    inFlight: report.inFlight,
    bins,
  };
}

/** Nothing since ever. */
function nothingYet(atMs: number): Look {
  const none = { calls: 0, failed: 0, timeouts: 0, poolExhausted: 0, rejected: 0, turns: 0 };
  return { atMs, ...none, inFlight: 0, bins: new Map() };
}

/** @param timeoutMs of its calls within that time */
export function figuresBetween(
  given: Look,
  after: Look,
  timeoutMs: number = Number.POSITIVE_INFINITY,
): Figures {
  const before = after.calls < given.calls ? nothingYet(given.atMs) : given;
  const calls = after.calls - before.calls;
  const share = (count: number): number =>
    calls > 0 ? Math.min(1, Math.max(0, count / calls)) : 0;
  const bins = binsBetween(before, after);
  const timed = countOf(bins);
  // A bin may hold what is a little shorter or longer.
  const answered = bins.filter(([ms]) => ms < timeoutMs * 0.98);
  const total = bins.reduce((sum, [ms, count]) => sum + ms * count, 0);
  const elapsedMs = Math.max(0, after.atMs - before.atMs);
  return {
    elapsedMs,
    calls,
    callsPerSecond: elapsedMs > 0 ? (calls * 1000) / elapsedMs : 0,
    failedShare: share(after.failed - before.failed),
    timeoutShare: share(after.timeouts - before.timeouts),
    rejectedShare: share(after.rejected - before.rejected),
    poolExhausted: Math.max(0, after.poolExhausted - before.poolExhausted),
    turns: Math.max(0, after.turns - before.turns),
    inFlight: after.inFlight,
    timed,
    meanMs: timed > 0 ? total / timed : 0,
    p95Ms: quantile(bins, timed, 0.95),
    p99Ms: quantile(bins, timed, 0.99),
    p999Ms: quantile(bins, timed, 0.999),
    answeredP999Ms: quantile(answered, countOf(answered), 0.999),
  };
}

type Bin = readonly [ms: number, count: number];

/** Shortest first. */
function binsBetween(before: Look, after: Look): readonly Bin[] {
  return [...after.bins]
    .map(([ms, count]): Bin => [ms, count - (before.bins.get(ms) ?? 0)])
    .filter(([, count]) => count > 0)
    .sort((a, b) => a[0] - b[0]);
}

function countOf(bins: readonly Bin[]): number {
  return bins.reduce((sum, [, count]) => sum + count, 0);
}

function quantile(bins: readonly Bin[], timed: number, q: number): number {
  let left = Math.floor(q * (timed - 1));
  for (const [ms, count] of bins) {
    left -= count;
    if (left < 0) return ms;
  }
  return 0;
}

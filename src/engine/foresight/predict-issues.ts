/**
 * What will go wrong if it goes on like this: series of figures that are on their way to a limit,
 * with the time that is left. When a rise counts as one is `timeToLimitMs`'s business; here is
 * which series are watched, and what is said.
 *
 * P1. Memory is bounded: the busiest `operationsMax` operations, a few kilobytes each.
 * P2. Nothing is predicted of what is as it always was, nor of what has few calls.
 */
import { formatBytes, formatDuration } from "../../kernel/index.ts";
import { History, timeToLimitMs } from "../../statistics/index.ts";
import type { OperationReport } from "../operation.ts";
import { type Figures, figuresBetween, type Look, lookAt } from "./figures.ts";

export type IssueKind =
  | "latency_reaches_timeout"
  | "errors_rise"
  | "calls_pile_up"
  | "memory_exhaustion"
  | "descriptor_exhaustion";

export interface Prediction {
  /** The operation, `process`, or the health check. */
  readonly subject: string;
  /**
   * `health_check`: not foreseen but there, as a check says, and without figures: its message has
   * them. `failing_calls`: shares of the calls of the last minute. `monitor`: as a monitor says
   * that the engine was handed; `value` is how often it has told.
   * `error_follows`: what it follows has come; it did so in `value` of `limit` cases, after `first`
   * milliseconds.
   */
  readonly kind:
    | IssueKind
    | "slow_responses"
    | "failing_calls"
    | "health_check"
    | "monitor"
    | "error_follows";
  /** Until the limit is reached; 0: now. */
  readonly inMs: number;
  /** One sentence for people. */
  readonly message: string;
  readonly evidence: {
    readonly value?: number;
    readonly limit?: number;
    /** What the value was when this was first looked at. */
    readonly first?: number;
    readonly looks: number;
    readonly forMs: number;
  };
}

/** What the process uses, and how much it may. */
export interface ProcessUse {
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number;
  readonly descriptors: number | undefined;
  readonly descriptorLimit: number;
}

/** The limits of one operation; undefined: there is none. */
export interface OperationLimits {
  readonly timeoutMs: number | undefined;
  readonly concurrency: number | undefined;
  /** The share of failures that somebody has declared as too many. */
  readonly errorRate: number;
}

export interface Looked {
  /** Monotonic. */
  readonly atMs: number;
  readonly operations: Iterable<OperationReport>;
  readonly limitsOf: (operation: string) => OperationLimits;
  readonly process?: ProcessUse;
}

const operationsMax = 500;
/** Fewer calls within a look say nothing about their rates. */
const callsMin = 20;
/** Where nobody has set a limit, so many at once are too many. */
const inFlightMax = 1000;
/** A warm-up of this length is no trend. */
const settleMs = 60_000;

interface Series {
  readonly history: History;
  first: number;
  firstMs: number;
  looks: number;
  value: number;
  limit: number;
}

interface Watched {
  look: Look;
  readonly series: Map<IssueKind, Series>;
}

export class IssueForecast {
  readonly #watched = new Map<string, Watched>();
  readonly #process = new Map<IssueKind, Series>();
  #atMs = 0;

  /** To be called at an even pace, every few seconds. */
  add({ atMs, operations, limitsOf, process }: Looked): void {
    this.#atMs = atMs;
    const seen = new Set<string>();
    for (const report of busiest(operations)) {
      seen.add(report.name);
      const look = lookAt(report, atMs);
      const known = this.#watched.get(report.name);
      if (known === undefined) {
        this.#watched.set(report.name, { look, series: new Map() });
        continue;
      }
      const figures = figuresBetween(known.look, look);
      known.look = look;
      note(known.series, figures, { atMs, limits: limitsOf(report.name) });
    }
    for (const name of this.#watched.keys()) if (!seen.has(name)) this.#watched.delete(name);
    if (process !== undefined) this.#noteProcess(process, atMs);
  }

  /** The most urgent first. */
  predictions(): readonly Prediction[] {
    const found: Prediction[] = [];
    const all = [...this.#watched].map(([name, { series }]) => [name, series] as const);
    for (const [subject, series] of [["process", this.#process] as const, ...all]) {
      for (const [kind, each] of series) {
        const { history, value, limit, first, firstMs, looks } = each;
        const inMs = timeToLimitMs(history, limit, { nowMs: this.#atMs, settleMs });
        if (inMs === undefined) continue;
        const evidence = { value, limit, first, looks, forMs: this.#atMs - firstMs };
        found.push({
          subject,
          kind,
          inMs,
          message: say(kind, subject, { inMs, ...each }),
          evidence,
        });
      }
    }
    return found.sort((a, b) => a.inMs - b.inMs);
  }

  #noteProcess(use: ProcessUse, atMs: number): void {
    const { memoryBytes, memoryLimitBytes, descriptors, descriptorLimit } = use;
    put(this.#process, "memory_exhaustion", { atMs, value: memoryBytes, limit: memoryLimitBytes });
    if (descriptors === undefined || !Number.isFinite(descriptorLimit)) return;
    put(this.#process, "descriptor_exhaustion", {
      atMs,
      value: descriptors,
      limit: descriptorLimit,
    });
  }
}

function busiest(operations: Iterable<OperationReport>): readonly OperationReport[] {
  const all = [...operations];
  if (all.length <= operationsMax) return all;
  return all.sort((a, b) => b.calls - a.calls).slice(0, operationsMax);
}

function note(
  series: Map<IssueKind, Series>,
  figures: Figures,
  { atMs, limits }: { readonly atMs: number; readonly limits: OperationLimits },
): void {
  const { concurrency, timeoutMs, errorRate } = limits;
  const limit = concurrency ?? inFlightMax;
  put(series, "calls_pile_up", { atMs, value: figures.inFlight, limit });
  if (figures.calls < callsMin) return;
  put(series, "errors_rise", { atMs, value: figures.failedShare, limit: errorRate });
  if (timeoutMs === undefined || figures.timed < callsMin) return;
  put(series, "latency_reaches_timeout", { atMs, value: figures.p99Ms, limit: timeoutMs });
}

interface Point {
  readonly atMs: number;
  readonly value: number;
  readonly limit: number;
}

function put(all: Map<IssueKind, Series>, kind: IssueKind, { atMs, value, limit }: Point): void {
  let series = all.get(kind);
  if (series === undefined) {
    series = { history: new History(), first: value, firstMs: atMs, looks: 0, value, limit };
    all.set(kind, series);
  }
  series.history.add(atMs, value);
  series.looks += 1;
  series.value = value;
  series.limit = limit;
}

function say(
  kind: IssueKind,
  subject: string,
  { inMs, value, limit }: { readonly inMs: number; readonly value: number; readonly limit: number },
): string {
  const when = inMs === 0 ? "now" : `in ${formatDuration(inMs)}`;
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  switch (kind) {
    case "latency_reaches_timeout":
      return `${subject} gets slower: 99 of 100 calls end within ${formatDuration(value)}, and at this rate their timeout of ${formatDuration(limit)} is reached ${when}`;
    case "errors_rise":
      return `${subject} fails more and more: ${percent(value)} of its calls, and at this rate ${percent(limit)} ${when}`;
    case "calls_pile_up":
      return `calls of ${subject} pile up: ${value} are under way, and at this rate ${limit} ${when}`;
    case "memory_exhaustion":
      return `memory runs out ${when} at this rate: ${formatBytes(value)} of ${formatBytes(limit)} are used`;
    case "descriptor_exhaustion":
      return `descriptors run out ${when} at this rate: ${value} of ${limit} are open`;
  }
}

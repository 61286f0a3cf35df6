/**
 * What engines (and other senders of OTLP) have told of themselves, as it was last told. It is a
 * picture of now and no history: what is kept over time are the samples made of it.
 *
 * K1. Bounded: engines, operations of each, other series of each, failures of each. What finds no
 *     room is refused, and the sender is told how many.
 * K2. An engine is known by its service and its instance id, so a restarted one is another one. One
 *     that is silent for `silentMs` is no longer shown.
 * K3. Who has shown the token of a service is that service, whatever its message says.
 * K4. Times are the receiver's own: a sender's clock may be wrong.
 * K5. One whose process has run on this machine and has ended is shown no more, at once. Whoever
 *     sends again, because that process was another one of the same number, is shown again.
 */
import { hostname } from "node:os";
import { canonicalJson, type Instant } from "../../kernel/index.ts";
import type { ProcessIdentity } from "../../model/index.ts";
import { isAlive, processIdentity } from "../../system/index.ts";
import { EngineErrors, type ErrorFigures } from "./engine-errors.ts";
import { type BreakerState, EngineOperations, type OperationFigures } from "./engine-operations.ts";
import { EngineProviders, type ProviderFigures } from "./engine-providers.ts";
import type { Attributes, LogLine, Point, Telemetry } from "./telemetry.ts";

export interface EngineFailure {
  readonly at: number;
  readonly event: string;
  readonly severity: string;
  readonly operation: string | null;
  readonly category: string | null;
  readonly message: string;
  /** For how many it stands. */
  readonly count: number;
  readonly requestId: string | null;
  readonly userId: string | null;
}

export interface EngineSeries {
  readonly name: string;
  readonly unit: string;
  readonly attributes: Attributes;
  readonly value: number;
  readonly at: number;
}

export interface EngineReport {
  readonly service: string;
  readonly id: string;
  readonly pid: number | null;
  readonly host: string | null;
  /** The name and version of what sends: `soulmirror 0.1.0`. */
  readonly sender: string;
  readonly firstSeenAt: number;
  readonly seenAt: number;
  /** When the last figures of its operations came; null: none came yet. */
  readonly figuresAt: number | null;
  readonly operations: readonly OperationFigures[];
  /** AI providers that stand in for each other, ring by ring. */
  readonly providers: readonly ProviderFigures[];
  /** What fails, each error once with its way; those with the most calls first. */
  readonly errors: readonly ErrorFigures[];
  /** Newest first. */
  readonly failures: readonly EngineFailure[];
  /** What it measures besides: the last value of each series. */
  readonly series: readonly EngineSeries[];
  readonly spans: number;
  readonly failedSpans: number;
  /** Points and lines that found no room, or could not be understood. */
  readonly refused: number;
}

/** What an engine as a whole did between two of its messages. */
export interface EngineWindow {
  readonly service: string;
  readonly pid: number | null;
  readonly elapsedMs: number;
  readonly calls: number;
  readonly failed: number;
  readonly openBreakers: number;
}

export interface Taken {
  /** Of the message: points, lines or spans that were not taken. */
  readonly rejected: number;
  readonly reason: string;
  readonly windows: readonly EngineWindow[];
}

export interface BookLimits {
  readonly enginesMax: number;
  readonly operationsMax: number;
  readonly seriesMax: number;
  readonly failuresMax: number;
  readonly silentMs: number;
}

export const bookLimits: BookLimits = {
  enginesMax: 200,
  operationsMax: 1000,
  seriesMax: 200,
  failuresMax: 50,
  silentMs: 600_000,
};

/** Characters of a series' name with its attributes. */
const seriesKeyMax = 2000;

interface Engine {
  readonly service: string;
  readonly id: string;
  readonly pid: number | null;
  readonly host: string | null;
  readonly sender: string;
  readonly firstSeenAt: number;
  /** K5. Undefined for one that is elsewhere, or where that cannot be seen. */
  readonly process: ProcessIdentity | undefined;
  readonly operations: EngineOperations;
  readonly providers: EngineProviders;
  readonly errors: EngineErrors;
  readonly series: Map<string, EngineSeries>;
  failures: readonly EngineFailure[];
  seenAt: number;
  seenMs: number;
  figuresAt: number | null;
  /** Monotonic time of the last message that had figures of operations. */
  figuresMs: number | undefined;
  spans: number;
  failedSpans: number;
  refused: number;
}

export class EngineBook {
  readonly #engines = new Map<string, Engine>();
  readonly #limits: BookLimits;
  readonly #mask: (text: string) => string;

  /** `mask` takes secrets out of what is kept as text. */
  constructor(limits: BookLimits = bookLimits, mask: (text: string) => string = (text) => text) {
    this.#limits = limits;
    this.#mask = mask;
  }

  /** `service` is whose token was shown, if one of a service was. */
  take(telemetry: readonly Telemetry[], service: string | undefined, now: Instant): Taken {
    this.#forgetSilent(now);
    const windows: EngineWindow[] = [];
    let rejected = 0;
    let reason = "";
    for (const part of telemetry) {
      const engine = this.#engineOf(part.resource, service, now);
      if (engine === undefined) {
        rejected += part.points.length + part.logs.length + part.spans + part.unread;
        reason = `there is room for ${this.#limits.enginesMax} senders`;
        continue;
      }
      const { refused, window } = this.#takePart(engine, part, now);
      if (refused > 0) reason = `${refused} had no room, or could not be understood`;
      rejected += refused;
      if (window !== undefined) windows.push(window);
    }
    return { rejected, reason, windows };
  }

  /** By service, then by when it was first seen. */
  reports(now: Instant): readonly EngineReport[] {
    this.#forgetSilent(now);
    this.#forgetEnded();
    return [...this.#engines.values()]
      .toSorted((a, b) => a.service.localeCompare(b.service) || a.firstSeenAt - b.firstSeenAt)
      .map(reportOf);
  }

  #takePart(engine: Engine, part: Telemetry, now: Instant) {
    const { operations, providers, errors } = engine;
    engine.seenAt = now.wallMs;
    engine.seenMs = now.monotonicMs;
    engine.spans += part.spans;
    engine.failedSpans += part.failedSpans;
    const before = operations.totals();
    const besides = part.points.filter((point) => !operations.isAbout(point));
    const others = besides.filter((point) => !providers.isAbout(point) && !errors.isAbout(point));
    let refused = part.unread + operations.take(part.points, this.#limits.operationsMax);
    refused += providers.take(besides) + errors.take(besides, now.wallMs);
    for (const point of others) if (!this.#keepSeries(engine, point, now)) refused += 1;
    for (const line of part.logs) this.#keepFailure(engine, line, now);
    engine.refused += refused;
    const hasFigures = besides.length < part.points.length;
    if (hasFigures) engine.figuresAt = now.wallMs;
    return { refused, window: hasFigures ? windowOf(engine, before, now) : undefined };
  }

  #engineOf(resource: Attributes, token: string | undefined, now: Instant): Engine | undefined {
    const text = (key: string): string => String(resource[key] ?? "");
    const service = token ?? (text("service.name") || "unknown");
    const pid = Number(resource["process.pid"]);
    const id = text("service.instance.id") || (Number.isInteger(pid) ? String(pid) : "only");
    const key = JSON.stringify([service, id]);
    const known = this.#engines.get(key);
    if (known !== undefined) return known;
    if (this.#engines.size >= this.#limits.enginesMax) this.#forgetEnded();
    if (this.#engines.size >= this.#limits.enginesMax) return undefined;
    const isHere = Number.isInteger(pid) && text("host.name") === hostname();
    const engine: Engine = {
      service,
      id,
      pid: Number.isInteger(pid) ? pid : null,
      host: text("host.name") || null,
      sender: `${text("telemetry.sdk.name")} ${text("telemetry.sdk.version")}`.trim() || "unknown",
      firstSeenAt: now.wallMs,
      process: isHere ? processIdentity(pid) : undefined,
      operations: new EngineOperations(),
      providers: new EngineProviders(),
      errors: new EngineErrors(this.#mask),
      series: new Map(),
      failures: [],
      seenAt: now.wallMs,
      seenMs: now.monotonicMs,
      figuresAt: null,
      figuresMs: undefined,
      spans: 0,
      failedSpans: 0,
      refused: 0,
    };
    this.#engines.set(key, engine);
    return engine;
  }

  #keepSeries({ series }: Engine, point: Point, now: Instant): boolean {
    const { metric: name, unit, attributes, value, isDelta } = point;
    const key = canonicalJson([name, attributes]);
    if (key.length > seriesKeyMax) return false;
    const before = series.get(key);
    if (before === undefined && series.size >= this.#limits.seriesMax) return false;
    const sum = isDelta && before !== undefined ? before.value + value : value;
    series.set(key, { name, unit, attributes, value: sum, at: now.wallMs });
    return true;
  }

  #keepFailure(engine: Engine, line: LogLine, now: Instant): void {
    const { event, severity, body, attributes } = line;
    const text = (key: string): string | null => {
      const value = attributes[key];
      return value === undefined ? null : this.#mask(String(value));
    };
    const failure: EngineFailure = {
      at: now.wallMs,
      event: event ?? "log",
      severity,
      operation: text("soulmirror.operation"),
      category: text("error.type"),
      message: this.#mask(withoutEcho(body)),
      count: Math.max(1, Number(attributes["soulmirror.repeated"] ?? 1) || 1),
      requestId: text("soulmirror.request_id"),
      userId: text("user.id"),
    };
    engine.failures = [failure, ...engine.failures].slice(0, this.#limits.failuresMax);
  }

  /** K5. */
  #forgetEnded(): void {
    for (const [key, { process }] of this.#engines) {
      if (process !== undefined && !isAlive(process)) this.#engines.delete(key);
    }
  }

  #forgetSilent({ monotonicMs }: Instant): void {
    for (const [key, { seenMs }] of this.#engines) {
      if (monotonicMs - seenMs > this.#limits.silentMs) this.#engines.delete(key);
    }
  }
}

/** `mode: mode: it is off` says its subject twice: a sender puts it before words that have it. */
function withoutEcho(text: string): string {
  const head = text.slice(0, text.indexOf(": ") + 2);
  return head.length > 2 && text.startsWith(head + head) ? text.slice(head.length) : text;
}

function windowOf(
  engine: Engine,
  before: { calls: number; failed: number },
  now: Instant,
): EngineWindow | undefined {
  const { service, pid, operations, figuresMs } = engine;
  engine.figuresMs = now.monotonicMs;
  // Of the first message nobody knows since when it counts.
  if (figuresMs === undefined) return undefined;
  const { calls, failed, openBreakers } = operations.totals();
  return {
    service,
    pid,
    elapsedMs: now.monotonicMs - figuresMs,
    calls: Math.max(0, calls - before.calls),
    failed: Math.max(0, failed - before.failed),
    openBreakers,
  };
}

function reportOf(engine: Engine): EngineReport {
  const { seenMs: _, figuresMs: _ms, process: _process, ...told } = engine;
  const { operations, providers, errors, series } = told;
  return {
    ...told,
    operations: operations.figures(),
    providers: providers.figures(),
    errors: errors.figures(),
    series: [...series.values()],
  };
}

export type { BreakerState, ErrorFigures, OperationFigures, ProviderFigures };

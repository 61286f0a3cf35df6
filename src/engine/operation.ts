/**
 * One kind of call, named `service.method`: what is counted, protected and shown. The ports of this
 * file are what the parts of the engine know of each other.
 */
import type { BreakerPhase, ErrorCategory } from "../resilience/index.ts";
import type { LogSketch } from "../statistics/index.ts";
import type { RequestIds } from "./events.ts";

/** A call that is under way, for code that begins and ends its calls itself. */
export interface OpenCall {
  /** Only the first of `succeed` and `fail` counts. `result` is looked at, never kept. */
  succeed(result?: unknown): void;
  fail(error: unknown): void;
}

/** Measures calls that others make: middleware, diagnostics channels, streams. */
export interface CallMeter {
  /**
   * `startedMs`: when it really began, on the engine's monotonic clock, where what it is to be
   * called was known only later. Now when it is left out.
   */
  begin(ids?: RequestIds, startedMs?: number): OpenCall;
}

/** All that is known of one operation. Counts are exact and never reset. */
export interface OperationReport {
  readonly name: string;
  readonly calls: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Only categories that occurred. */
  readonly failures: Readonly<Partial<Record<ErrorCategory, number>>>;
  readonly inFlight: number;
  /** Milliseconds; 1 of `sampledEvery` calls was timed. Not to be changed. */
  readonly latency: LogSketch;
  readonly sampledEvery: number;
  /** How often each decision was made, and how often it acted. */
  readonly decisions: Readonly<Record<string, Decisions>>;
  /** Results and calls that looked like success and were none. */
  readonly silentErrors: number;
  readonly breaker: BreakerPhase | undefined;
}

export interface Decisions {
  readonly detected: number;
  readonly enforced: number;
}

/** What exporters, health, predictions and the control channel read of an engine. */
export interface EngineView {
  readonly service: string;
  operations(): Iterable<OperationReport>;
  operation(name: string): OperationReport | undefined;
  /** The meter of that operation, made when it is first asked for. */
  meter(name: string): CallMeter;
}

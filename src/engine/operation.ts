/**
 * One kind of call, named `service.method`: what is counted, protected and shown. The ports of this
 * file are what the parts of the engine know of each other.
 */
import type { BreakerPhase, Decision, ErrorCategory } from "../resilience/index.ts";
import type { LogSketch } from "../statistics/index.ts";
import type { ErrorsReport } from "./errors/index.ts";
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
  /**
   * Milliseconds of each attempt, without the pauses and waits between them; of a stream what its
   * reader had to wait. 1 of `sampledEvery` was timed. Not to be changed.
   */
  readonly latency: LogSketch;
  readonly sampledEvery: number;
  /** How often each decision was made, and how often it acted. */
  readonly decisions: Readonly<Record<string, Decisions>>;
  /** Results and calls that looked like success and were none. */
  readonly silentErrors: number;
  readonly breaker: BreakerPhase | undefined;
  /** False: the circuit is only told of, and turns nothing away. */
  readonly breakerEnforced?: boolean;
  /** Why its calls are refused until somebody releases it. */
  readonly isolatedBecause?: string | undefined;
}

export interface Decisions {
  readonly detected: number;
  readonly enforced: number;
}

/** What exporters, health, predictions and the control channel read of an engine. */
export interface EngineView {
  readonly service: string;
  /** Rings of providers; undefined: there are none. */
  readonly providers?: { report(): readonly ProviderGroupReport[] };
  /** What fails, grouped; undefined: nobody groups it. */
  errors?(): ErrorsReport;
  operations(): Iterable<OperationReport>;
  operation(name: string): OperationReport | undefined;
  /** The meter of that operation, made when it is first asked for. */
  meter(name: string): CallMeter;
  /** The server of that client answers again: open circuits around it let probes through. */
  serverIsBack?(client: object): void;
}

/**
 * How a ring of providers goes about its requests. `off`: the first one is asked, and nothing is
 * counted. `watch`: the first one is asked, and what would be done is told. `act`: it fails over.
 */
export type GroupStance = "off" | "watch" | "act";

/** What a person wants of one provider: to be asked first, or not at all. */
export interface ProviderWish {
  readonly kind: "prefer" | "eject";
  readonly reason: string;
}

/** What a provider was asked for so far. */
export interface ProviderAccount {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** In the currency of the prices; undefined: no price was declared. */
  readonly spent: number | undefined;
}

export interface ProviderReport extends ProviderAccount {
  readonly name: string;
  /** 1: asked first; undefined: not asked now. */
  readonly place: number | undefined;
  /** `held`: it has said when to come back. */
  readonly state: "serving" | "ejected" | "held";
  /** Until it is asked again. */
  readonly leftMs: number;
  readonly calls: number;
  /** Those that failed by its own fault. */
  readonly faults: number;
  /** Share of faults of late, 0 to 1. */
  readonly failureRate: number;
  /** To the answer, or to the first word of a stream; a moving average. */
  readonly latencyMs: number | undefined;
  /** What a person wants of it over the control channel. */
  readonly wish: ProviderWish | undefined;
}

/** A ring of providers as its engine knows it. */
export interface ProviderGroup {
  readonly name: string;
  report(): ProviderGroupReport;
}

export interface ProviderGroupReport {
  /** `llm`, unless it was named. */
  readonly name: string;
  readonly stance: GroupStance;
  readonly providers: readonly ProviderReport[];
}

/** What rings of providers ask of their engine, and tell it. */
export interface ProviderGroups {
  stanceOf(group: string): GroupStance;
  /** Whether a declared last resort may answer. */
  mayFallBack(group: string): boolean;
  decided(group: string, decision: Decision, enforced: boolean): void;
  adopt(group: ProviderGroup): void;
  wishOf(provider: string): ProviderWish | undefined;
}

/** An engine, as far as its rings of providers need it. */
export interface GroupEngine {
  readonly providers: ProviderGroups;
  meter(name: string): CallMeter;
}

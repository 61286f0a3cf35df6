/**
 * What the API needs of the daemon, and nothing more. The composition root implements it over the
 * conductor; a test implements it over a memory store.
 *
 * H1. Everything without a promise answers from memory at once: it can never delay the loop.
 * H2. Nothing here acts. `request` hands a person's wish to the loop, which decides and journals.
 *     `steer` tells the engines inside a service, which decide for themselves.
 * H3. What `effectiveConfig`, `explain`, `logTail`, `followLog` and `diagnostics` tell has its
 *     secrets masked already.
 */
import type { Trend } from "../analyze/index.ts";
import type { Clock, Mode } from "../kernel/index.ts";
import type { ResourceView, ServiceView } from "../loop/index.ts";
import type {
  Action,
  ControlMessage,
  EngineLink,
  EngineStand,
  EngineWish,
  EngineWishChange,
  Failure,
  Incident,
  Kept,
  PersonRequest,
  ResourceId,
  RouteReport,
  SealedEntry,
  SteeredService,
  Store,
} from "../model/index.ts";
import type { EngineReport, Taken, Telemetry } from "../targets/index.ts";

export interface House {
  readonly fleetName: string;
  readonly version: string;
  /** Wall milliseconds. */
  readonly startedAt: number;
  readonly clock: Clock;
  /** Asked for history. It may reject: then the live view still answers. */
  readonly store: Store;
  services(): readonly ServiceView[];
  resources(): readonly ResourceView[];
  mode(): Mode;
  /** What was set apart from the fleet's mode, by scope (a service or a strategy). */
  modes(): Readonly<Record<string, Mode>>;
  /** Newest first. */
  liveIncidents(): readonly Incident[];
  openFailures(): readonly Failure[];
  /** Not finished: waiting for approval, initiated, in progress, rolling back. */
  actionsUnderWay(): readonly Action[];
  /** Series that move towards a limit, soonest first; empty where nothing is known. */
  trends(): readonly Trend[];
  /** What the front proxy counted since it began. */
  routes(): Promise<readonly RouteReport[]>;
  /** False when too much waits already, and it was not taken up. */
  request(request: PersonRequest): boolean;
  /** False when no such heartbeat is expected. */
  heartbeat(resource: ResourceId): boolean;
  /** What engines in services, and other senders of OTLP, have told of themselves. */
  engines(): readonly EngineReport[];
  /** Takes what they send; `service` is the one whose token was shown, if one was. */
  takeTelemetry(
    telemetry: readonly Telemetry[],
    service: string | undefined,
  ): Pick<Taken, "rejected" | "reason">;
  /** The engines that listen for what is wanted of them. */
  readonly steering: Steering;
  /** Journals it, keeps it and tells it to the engines of that service. */
  steer(service: string, change: EngineWishChange, by: string): Promise<EngineWish>;
  logTail(resource: ResourceId, lines: number): Promise<readonly string[]>;
  /** Lines from now on, until `signal` aborts. */
  followLog(resource: ResourceId, onLine: (line: string) => void, signal: AbortSignal): void;
  /** What can be seen of it now, for people; changes nothing. */
  diagnostics(resource: ResourceId): Promise<string>;
  effectiveConfig(): unknown;
  /** What a reload of the fleet file would change, one line each. */
  diff(): Promise<readonly string[]>;
  /** The value of a key and where it came from; undefined when there is no such key. */
  explain(key: string): unknown;
  /** Called after entries were written, in order. Returns the end of the subscription. */
  subscribe(listener: (entries: readonly SealedEntry[]) => void): () => void;
  self(): Self;
}

/** Engines in services, connected by the control channel. */
export interface Steering {
  services(): readonly SteeredService[];
  wishOf(service: string): EngineWish;
  linkOf(service: string, instance: string): EngineLink | undefined;
  /** Returns how it goes. Throws BUSY where too many listen already. */
  join(service: string, instance: string, listener: ControlListener): () => void;
  /** False when no such engine listens. */
  hear(service: string, stand: EngineStand): boolean;
}

export interface ControlListener {
  readonly send: (message: ControlMessage) => void;
  /** Another one has taken its place. */
  readonly end: () => void;
}

/** The daemon's own figures. */
export interface Self {
  readonly rssBytes: number;
  readonly cpuSeconds: number;
  readonly loopDelayP99Ms: number;
  readonly kept: Kept;
  readonly losses: { readonly inputs: number; readonly metricRows: number };
  /** Inputs that wait for the next tick. */
  readonly queued: number;
}

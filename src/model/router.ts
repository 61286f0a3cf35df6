/** Which instances of a service get requests, and how many are under way. */
export interface Upstream {
  readonly id: string;
  readonly port: number;
  /** `join` serves once it answers; `serve` at once; `drain` no new ones; `eject` none at all. */
  readonly state: "join" | "serve" | "drain" | "eject";
}

export interface Route {
  readonly service: string;
  readonly host: string;
  readonly port: number;
  readonly upstreams: readonly Upstream[];
  /**
   * Path polled until it answers 2xx before a joining upstream serves; else a TCP accept will do.
   */
  readonly readyPath?: string;
  /** How long a request may wait while no upstream serves. */
  readonly holdMs: number;
  /** So long after a request its answer must have begun, all tries and waiting together. */
  readonly timeoutMs: number;
  /** Idempotent requests that an upstream was lost over are asked again. */
  readonly repeats: boolean;
}

export interface UpstreamReport {
  readonly id: string;
  readonly state: "joining" | "serving" | "draining" | "ejected";
  readonly inFlight: number;
  readonly served: number;
  readonly failed: number;
}

export interface RouteReport {
  readonly service: string;
  /** Where it listens, or would. */
  readonly host: string;
  readonly port: number;
  readonly listening: boolean;
  /** Why not, for example EADDRINUSE. */
  readonly listenError?: string;
  readonly upstreams: readonly UpstreamReport[];
  readonly requests: number;
  readonly failures: number;
  readonly retried: number;
  readonly held: number;
}

/**
 * The front door of the services that have `listen`.
 * Every call is idempotent and may be repeated by the caller; calls for one service are carried
 * out in the order they were made. The router goes on with the last routes when its caller dies.
 */
export interface Router {
  /** Declares the whole route; resolves when it is taken over (listening, or `listenError` set). */
  route(route: Route): Promise<RouteReport>;
  remove(service: string): Promise<void>;
  /** Resolves with the requests still in flight: 0, or what is left when the deadline passes. */
  drained(service: string, upstreamId: string, deadlineMs: number): Promise<number>;
  reports(): Promise<readonly RouteReport[]>;
}

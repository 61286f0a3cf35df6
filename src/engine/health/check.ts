/**
 * One question about health and its answer. A check is a function of the user's (or a built-in
 * one); what it says is looked at before it is believed.
 */
export type HealthStatus = "healthy" | "degraded" | "unhealthy";

/** What a check says. */
export interface HealthAnswer {
  readonly status: HealthStatus;
  /** One sentence for people. Shown to whoever may ask: it must hold no secret. */
  readonly message?: string;
  /** Figures behind the answer. Never shown by the HTTP endpoint. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** `signal` is aborted when nobody waits for the answer any more. May throw: that is an answer. */
export type HealthCheck = (
  signal: AbortSignal,
) => HealthAnswer | HealthStatus | Promise<HealthAnswer | HealthStatus>;

export interface CheckResult {
  readonly name: string;
  readonly status: HealthStatus;
  /** Milliseconds that the check took. */
  readonly latency: number;
  readonly message?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export interface HealthReport {
  /** The worst of all checks; healthy when there is none. */
  readonly overall: HealthStatus;
  /** In the order in which they were registered. */
  readonly checks: readonly CheckResult[];
  /** Milliseconds since the Unix epoch: when the checks had ended. */
  readonly timestamp: number;
}

const badness: Readonly<Record<HealthStatus, number>> = { healthy: 0, degraded: 1, unhealthy: 2 };

export function worstOf(statuses: readonly HealthStatus[]): HealthStatus {
  return statuses.reduce<HealthStatus>(
    (worst, each) => (badness[each] > badness[worst] ? each : worst),
    "healthy",
  );
}

/** What a check returned, or why that is no answer. */
export function readAnswer(said: unknown): HealthAnswer {
  if (isStatus(said)) return { status: said };
  if (typeof said !== "object" || said === null) return nonsense(`it returned ${nameOf(said)}`);
  const { status, message, metadata } = said as Record<string, unknown>;
  if (!isStatus(status)) return nonsense(`its status is ${nameOf(status)}`);
  return {
    status,
    ...(typeof message === "string" ? { message } : {}),
    ...(isRecord(metadata) ? { metadata } : {}),
  };
}

function nonsense(what: string): HealthAnswer {
  const message = `the check does not say how it is: ${what}, not healthy, degraded or unhealthy`;
  return { status: "unhealthy", message };
}

function isStatus(value: unknown): value is HealthStatus {
  return typeof value === "string" && Object.hasOwn(badness, value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function nameOf(value: unknown): string {
  if (typeof value === "string") return `"${value.slice(0, 40)}"`;
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "function" ? "a function" : String(value);
}

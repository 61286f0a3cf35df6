/**
 * The errors that policies throw. Each is known by its `code` as well as by its class, because two
 * copies of a package have two classes. They carry no stack: even one frame costs four times what
 * the whole error does (2 µs to 0.4 µs), just when a dependency is down and all calls end here.
 *
 * P1. What HTTP servers read of an error (`status`, `headers`) is said by the class: it is no field
 *     of its own, so that nothing more is printed, sent or compared.
 */
export type PolicyErrorCode =
  | "CIRCUIT_OPEN"
  | "CALL_TIMEOUT"
  | "BULKHEAD_FULL"
  | "RATE_LIMITED"
  | "ALL_FAILED";

/** What a policy throws of itself, never an error of the work. See `isPolicyError` for copies. */
export class PolicyError extends Error {
  readonly code: PolicyErrorCode;
  /** The operation or policy that refused. */
  readonly operation: string;
  /** What the reader can do about it. */
  readonly fix: string;
  /** When it may be tried again, from the moment it was thrown; undefined: nobody knows. */
  declare readonly retryAfterMs: number | undefined;

  constructor(code: PolicyErrorCode, message: string, details: PolicyErrorDetails) {
    const { stackTraceLimit } = Error;
    limitStack(0);
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    limitStack(stackTraceLimit);
    this.name = new.target.name;
    this.code = code;
    this.operation = details.operation;
    this.fix = details.fix;
    if (details.retryAfterMs !== undefined) this.retryAfterMs = Math.ceil(details.retryAfterMs);
  }

  /**
   * What Express, Fastify and Koa answer where nobody handles it: 504 for a timeout, else 503. Also
   * for `RATE_LIMITED`: it is our limit on what we ask of others. 429 would blame the client.
   */
  get status(): 503 | 504 {
    return this.code === "CALL_TIMEOUT" ? 504 : 503;
  }

  /** `retry-after` in whole seconds, at least one, where `retryAfterMs` is known. */
  get headers(): { readonly "retry-after": string } | undefined {
    const { retryAfterMs } = this;
    if (retryAfterMs === undefined) return undefined;
    return { "retry-after": String(Math.max(1, Math.ceil(retryAfterMs / 1000))) };
  }
}

/** Where built-ins are frozen (`--frozen-intrinsics`) it stays as it is, and a stack is made. */
function limitStack(frames: number): void {
  try {
    Error.stackTraceLimit = frames;
  } catch {
    // It cannot be set: an error with a stack is better than another error.
  }
}

export interface PolicyErrorDetails {
  readonly operation: string;
  readonly fix: string;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** The circuit of an operation is open, or isolated: the call was not made. */
export class CircuitBreakerError extends PolicyError {
  constructor(operation: string, retryAfterMs?: number, more: CircuitDetails = {}) {
    const { cause, isolatedBecause } = more;
    const state = isolatedBecause === undefined ? "open" : `isolated (${isolatedBecause})`;
    super("CIRCUIT_OPEN", `the circuit of ${operation} is ${state}: the call was not made`, {
      operation,
      fix:
        isolatedBecause === undefined
          ? "wait until it has closed, or give the call a fallback"
          : "wait until whoever isolated it has released it, or give the call a fallback",
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      cause,
    });
  }
}

export interface CircuitDetails {
  /** The error that opened it. */
  readonly cause?: unknown;
  /** Somebody keeps calls away, and says why. */
  readonly isolatedBecause?: string | undefined;
}

/** No answer within the time that was given. The work may still be under way. */
export class CallTimeoutError extends PolicyError {
  readonly timeoutMs: number;

  constructor(operation: string, timeoutMs: number) {
    super("CALL_TIMEOUT", `${operation} did not answer within ${timeoutMs} ms`, {
      operation,
      fix: "raise its timeout if it needs longer when it is well",
    });
    this.timeoutMs = timeoutMs;
  }
}

/** As many calls as are allowed are under way, and the queue is full. */
export class BulkheadError extends PolicyError {
  constructor(operation: string, limit: number, queue: number) {
    super("BULKHEAD_FULL", `${operation} has ${limit} calls under way and ${queue} waiting`, {
      operation,
      fix: "raise its limit or its queue, or call it less often",
    });
  }
}

/** Our own limit on calls per time, not that of the dependency. */
export class RateLimitError extends PolicyError {
  constructor(operation: string, retryAfterMs: number) {
    super("RATE_LIMITED", `${operation} may be called again in ${Math.ceil(retryAfterMs)} ms`, {
      operation,
      retryAfterMs,
      fix: "call it less often, or raise its rate",
    });
  }
}

/** Nobody has answered; `errors` has the error of each who was asked, in that order. */
export class AllFailedError extends PolicyError {
  readonly errors: readonly unknown[];

  constructor(operation: string, { asked, errors, retryAfterMs }: AllFailures) {
    super("ALL_FAILED", `${operation}: none of ${asked.join(", ")} answered`, {
      operation,
      fix: "declare a degraded answer with `whenAllFail`",
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      cause: errors.at(-1),
    });
    this.errors = errors;
  }
}

export interface AllFailures {
  /** Their names. */
  readonly asked: readonly string[];
  readonly errors: readonly unknown[];
  readonly retryAfterMs?: number;
}

/** True for errors of any copy of this package. */
export function isPolicyError(error: unknown, code?: PolicyErrorCode): error is PolicyError {
  if (typeof error !== "object" || error === null) return false;
  try {
    const { code: theirs, operation } = error as Partial<PolicyError>;
    if (typeof operation !== "string") return false;
    return code === undefined ? codes.has(theirs as PolicyErrorCode) : theirs === code;
  } catch {
    // A getter, or a proxy, that throws when it is looked at.
    return false;
  }
}

const codes: ReadonlySet<PolicyErrorCode> = new Set([
  "CIRCUIT_OPEN",
  "CALL_TIMEOUT",
  "BULKHEAD_FULL",
  "RATE_LIMITED",
  "ALL_FAILED",
]);

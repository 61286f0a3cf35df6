/**
 * The errors that policies throw. Each is known by its `code` as well as by its class, because two
 * copies of a package have two classes. They carry no stack: the place that matters is the
 * caller's, who has it, and making one costs more than the whole policy.
 */
export type PolicyErrorCode =
  | "CIRCUIT_OPEN"
  | "CALL_TIMEOUT"
  | "BULKHEAD_FULL"
  | "RATE_LIMITED"
  | "ALL_FAILED";

export class PolicyError extends Error {
  readonly code: PolicyErrorCode;
  /** The operation or policy that refused. */
  readonly operation: string;
  /** What the reader can do about it. */
  readonly fix: string;
  /** When it may be tried again, from the moment it was thrown; undefined: nobody knows. */
  readonly retryAfterMs: number | undefined;

  constructor(code: PolicyErrorCode, message: string, details: PolicyErrorDetails) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.name = new.target.name;
    this.code = code;
    this.operation = details.operation;
    this.fix = details.fix;
    this.retryAfterMs = details.retryAfterMs;
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
  const { code: theirs, operation } = error as Partial<PolicyError>;
  if (typeof operation !== "string") return false;
  return code === undefined ? codes.has(theirs as PolicyErrorCode) : theirs === code;
}

const codes: ReadonlySet<PolicyErrorCode> = new Set([
  "CIRCUIT_OPEN",
  "CALL_TIMEOUT",
  "BULKHEAD_FULL",
  "RATE_LIMITED",
  "ALL_FAILED",
]);

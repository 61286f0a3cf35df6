/** What is said of an error, as constants: judging costs no object where nothing was asked for. */
import type { ErrorCategory, Judgement } from "../category.ts";

/** The dependency is at fault, and may be well again in a moment. */
function fault(category: ErrorCategory): Judgement {
  return { category, isFault: true, isTransient: true, neverStarted: false };
}

/** As `fault`, and it has provably not begun. */
function unstarted(category: ErrorCategory): Judgement {
  return { category, isFault: true, isTransient: true, neverStarted: true };
}

/** The dependency is at fault, and doing the same again is of no use. */
function lasting(category: ErrorCategory): Judgement {
  return { category, isFault: true, isTransient: false, neverStarted: false };
}

/** The call itself is wrong, or nobody wants it any more. */
function own(category: ErrorCategory): Judgement {
  return { category, isFault: false, isTransient: false, neverStarted: false };
}

export const verdicts = {
  unknown: fault("unknown"),
  timeout: fault("timeout"),
  connectTimeout: unstarted("timeout"),
  refused: unstarted("connection_refused"),
  untrusted: { ...unstarted("connection_refused"), isTransient: false },
  dns: unstarted("dns_error"),
  reset: fault("connection_reset"),
  pool: unstarted("pool_exhausted"),
  rateLimit: fault("rate_limit"),
  quota: lasting("quota_exceeded"),
  serverError: fault("server_error"),
  brokenServer: lasting("server_error"),
  /** Refused before it was begun: loading, failing over, too early. */
  notReady: unstarted("server_error"),
  /** Deadlocks and failed serialization: normal where many write, and rolled back. */
  contention: { ...own("server_error"), isTransient: true },
  truncated: fault("truncated_stream"),
  auth: own("auth"),
  contextLength: own("context_length"),
  contentPolicy: own("content_policy"),
  clientError: own("client_error"),
  trpcClient: own("trpc_error"),
  trpcServer: fault("trpc_error"),
  cancelled: own("cancelled"),
  /** Our own limits: the call was not made, and waiting for room is of use. */
  rejected: {
    category: "rejected",
    isFault: false,
    isTransient: true,
    neverStarted: true,
  },
} as const satisfies Record<string, Judgement>;

export type Verdict = keyof typeof verdicts;

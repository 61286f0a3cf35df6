/**
 * Kinds of errors that callers, dashboards and policies tell apart. The first seven are the words
 * that metrics have always used (`error_category`); the others are finer where a policy decides
 * differently.
 */
export const errorCategories = [
  "timeout",
  "connection_refused",
  "dns_error",
  "rate_limit",
  "quota_exceeded",
  "trpc_error",
  "unknown",
  "connection_reset",
  "pool_exhausted",
  "auth",
  "context_length",
  "content_policy",
  "client_error",
  "server_error",
  "truncated_stream",
  "cancelled",
  "rejected",
] as const;

export type ErrorCategory = (typeof errorCategories)[number];

/** What one error means for the policies. */
export interface Judgement {
  readonly category: ErrorCategory;
  /** The dependency is at fault: counts for breakers, ejection and failure rates. */
  readonly isFault: boolean;
  /** The same call may succeed later or elsewhere. */
  readonly isTransient: boolean;
  /** The dependency has provably not begun: doing it again cannot do it twice. */
  readonly neverStarted: boolean;
  /** The dependency has said when to come back, in milliseconds from now. */
  readonly retryAfterMs?: number;
}

/** Judges any thrown value; never throws itself. */
export type Classify = (error: unknown) => Judgement;

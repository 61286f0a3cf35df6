/**
 * Who knows more of an error than can be seen of it says so once, and from then on everybody judges
 * it alike: a provider's words need not be those of the call that failed for them.
 */
import type { ErrorCategory, Judgement } from "../category.ts";
import { verdicts } from "./verdicts.ts";

const said = new WeakMap<object, ErrorCategory>();

/** Of this very error, for as long as it lives. What is no object is judged by its looks. */
export function sayCategory(error: unknown, category: ErrorCategory): void {
  if (typeof error === "object" && error !== null) said.set(error, category);
}

/** Undefined: nobody has said anything. Nothing is proven by what somebody says. */
export function saidOf(error: unknown): Judgement | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const category = said.get(error);
  return category === undefined ? undefined : sayings[category];
}

const sayings: Readonly<Record<ErrorCategory, Judgement>> = {
  unknown: verdicts.unknown,
  timeout: verdicts.timeout,
  connection_refused: { ...verdicts.refused, neverStarted: false },
  dns_error: { ...verdicts.dns, neverStarted: false },
  connection_reset: verdicts.reset,
  pool_exhausted: { ...verdicts.pool, neverStarted: false },
  rate_limit: verdicts.rateLimit,
  quota_exceeded: verdicts.quota,
  server_error: verdicts.serverError,
  truncated_stream: verdicts.truncated,
  trpc_error: verdicts.trpcServer,
  auth: verdicts.auth,
  context_length: verdicts.contextLength,
  content_policy: verdicts.contentPolicy,
  client_error: verdicts.clientError,
  cancelled: verdicts.cancelled,
  rejected: { ...verdicts.rejected, neverStarted: false },
};

/**
 * An answer that is a failure without an error object, and a call that its caller has left. Made
 * for the classification: `status`, `code` and `name` are what it reads. Without a stack, which
 * would only show this file.
 */
export class HttpAnswerError extends Error {
  readonly status: number;
  /** From the moment it was made. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, details: AnswerErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "HttpAnswerError";
    this.stack = `${this.name}: ${message}`;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
  }
}

export interface AnswerErrorDetails {
  readonly status: number;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** Nobody waits for the answer any more: as the error of an `AbortSignal` is named. */
export function leftError(what: string): Error {
  return new DOMException(`${what} was left by its caller`, "AbortError");
}

/** The answer began and did not end. */
export class TruncatedError extends Error {
  /** The word of Node for it. */
  readonly code = "ERR_STREAM_PREMATURE_CLOSE";

  constructor(what: string, cause?: unknown) {
    super(`${what} broke off in the middle`, cause === undefined ? undefined : { cause });
    this.name = "TruncatedError";
    this.stack = `${this.name}: ${this.message}`;
  }
}

/** Whatever was thrown becomes `{error: {code, message, fix}}` with the status of its code. */
import type { FastifyReply } from "fastify";
import { SoulMirrorError } from "../../kernel/index.ts";

export interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string; readonly fix?: string };
}

/** True when it was a fault of ours, so that it should be logged. */
export function answerError(reply: FastifyReply, thrown: unknown): boolean {
  const error = toOurs(thrown);
  if (error.retryAfterMs !== undefined) {
    void reply.header("retry-after", String(Math.ceil(error.retryAfterMs / 1000)));
  }
  if (error.code === "NOT_AUTHORIZED") void reply.header("www-authenticate", "Bearer");
  void reply.code(statusOf(thrown) ?? error.status).send(errorBody(error));
  return error.code === "INTERNAL";
}

export function toOurs(thrown: unknown): SoulMirrorError {
  if (thrown instanceof SoulMirrorError) return thrown;
  const status = statusOf(thrown);
  if (status !== undefined) {
    const message = thrown instanceof Error ? thrown.message : "the request cannot be read";
    return new SoulMirrorError("BAD_REQUEST", message);
  }
  // What went wrong inside is for our log, not for the caller.
  return new SoulMirrorError("INTERNAL", "an error of our own; the daemon's log has it", {
    cause: thrown,
  });
}

/** Fastify's own refusals: a body too large, of an unknown type, that is no JSON. */
function statusOf(thrown: unknown): number | undefined {
  if (typeof thrown !== "object" || thrown === null || thrown instanceof SoulMirrorError) return;
  const status = "statusCode" in thrown ? thrown.statusCode : undefined;
  return typeof status === "number" && status >= 400 && status < 500 ? status : undefined;
}

function errorBody({ code, message, fix }: SoulMirrorError): ErrorBody {
  return { error: { code, message, ...(fix === undefined ? {} : { fix }) } };
}

/**
 * The end of a request that a server of node:http answers, whatever framework is above it.
 *
 * W1. A call ends when the last byte of its answer has been handed over, not when its handler
 *     returns: streams count as long as they last.
 * W2. 5xx is a failure and the server's own fault, with the error of the framework where it is
 *     known; other answers are successes of the server, refusals too.
 * W3. A request that the client leaves is cancelled; an answer that the server breaks off failed,
 *     with the error for which it did.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { OpenCall } from "../operation.ts";
import { HttpAnswerError, leftError, TruncatedError } from "./answer-error.ts";
import { serverFault } from "./server-fault.ts";

export type Ending =
  | { readonly kind: "answered"; readonly status: number }
  | { readonly kind: "left" }
  | { readonly kind: "broken off"; readonly error: unknown };

/** Calls `ended` once. */
export function watchResponse(response: ServerResponse, ended: (ending: Ending) => void): void {
  let isOver = false;
  const end = (ending: Ending): void => {
    if (isOver) return;
    isOver = true;
    ended(ending);
  };
  response.once("finish", () => end({ kind: "answered", status: response.statusCode }));
  response.once("close", () => end(unfinished(response)));
}

function unfinished(response: ServerResponse): Ending {
  // A client that leaves ends the connection; only the server's own code destroys with an error.
  const error: unknown = response.errored;
  return error === null || error === undefined ? { kind: "left" } : { kind: "broken off", error };
}

/** An error that is told after that is a consequence of it. */
export function isLeft({ errored, socket }: IncomingMessage): boolean {
  const { code } = (errored ?? {}) as { readonly code?: unknown };
  return code === "ECONNRESET" || socket.destroyed;
}

/** `error` is what the framework was told before the client had left, if anything. */
export function endCall(call: OpenCall, ending: Ending, error: unknown): void {
  if (ending.kind === "answered") {
    const { status } = ending;
    if (status < 500) return call.succeed();
    return call.fail(
      error === undefined
        ? new HttpAnswerError(`answered ${status}`, { status })
        : serverFault(error),
    );
  }
  // Frameworks end the connection without a word when the headers were sent already.
  if (error !== undefined) return call.fail(serverFault(error));
  if (ending.kind === "left") call.fail(leftError("the request"));
  else call.fail(new TruncatedError("the answer", ending.error));
}

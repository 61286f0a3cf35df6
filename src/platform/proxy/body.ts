/**
 * The body of a request, in the shape that decides what can be saved.
 *
 * A small body is read whole before anything is forwarded: it can be sent again, a slow client
 * keeps no upstream busy, and a client that dies while sending never reaches one. A body that is
 * large or of unknown length is passed on as it comes, and can be sent only once; of an idempotent
 * request's body the first bytes are tried for smallness before that.
 */
import type { IncomingMessage } from "node:http";

export const wholeLimitBytes = 64 * 1024;
/** A client that sends nothing for so long has gone without saying so. */
const idleLimitMs = 60_000;
const idempotentMethods = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

export type Body =
  | { readonly kind: "none" }
  | { readonly kind: "whole"; readonly bytes: Buffer }
  | { readonly kind: "stream"; readonly first: readonly Buffer[] };

export type BodyProblem = { readonly kind: "gone" } | { readonly kind: "idle" };

export function isIdempotent(method: string): boolean {
  return idempotentMethods.has(method);
}

export function readBody(incoming: IncomingMessage): Body | Promise<Body | BodyProblem> {
  const length = incoming.headers["content-length"];
  const chunked = incoming.headers["transfer-encoding"] !== undefined;
  if (!chunked && (length === undefined || Number(length) === 0)) return { kind: "none" };
  if (!chunked && Number(length) <= wholeLimitBytes) return gather(incoming);
  if (chunked && isIdempotent(incoming.method ?? "")) return gather(incoming);
  return { kind: "stream", first: [] };
}

/** Reads until the end or until the body proves large. */
function gather(incoming: IncomingMessage): Promise<Body | BodyProblem> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const settle = (result: Body | BodyProblem): void => {
      clearTimeout(idle);
      incoming.off("data", onData);
      incoming.off("end", onEnd);
      incoming.off("close", onClose);
      resolve(result);
    };
    const onData = (chunk: Buffer): void => {
      idle.refresh();
      chunks.push(chunk);
      sizeBytes += chunk.length;
      if (sizeBytes <= wholeLimitBytes) return;
      incoming.pause();
      settle({ kind: "stream", first: chunks });
    };
    const onEnd = (): void => settle({ kind: "whole", bytes: Buffer.concat(chunks, sizeBytes) });
    const onClose = (): void => settle({ kind: "gone" });
    const idle = setTimeout(() => settle({ kind: "idle" }), idleLimitMs);
    incoming.on("data", onData);
    incoming.on("end", onEnd);
    incoming.on("close", onClose);
  });
}

/** Streams of Node: what is pushed into them is watched, without reading and without listening. */
import type { Readable } from "node:stream";
import type { OpenStream } from "./open-stream.ts";
import { put } from "./put.ts";

export function isNodeStream(value: object): value is Readable {
  const { pipe, on, push } = value as Partial<Readable>;
  return [pipe, on, push].every((each) => typeof each === "function");
}

/** Called by the stream itself when somebody wants more. */
const pulled = "_read";

/**
 * `push` is how each chunk and the end come in; `destroy` is how it is given up. No listener is
 * added: one for `error` would swallow what nobody else listens to, one for `data` would drain it.
 */
export function watchNodeStream(stream: Readable, open: OpenStream): (error: unknown) => void {
  if (stream.readableEnded || stream.destroyed) {
    if (stream.errored === null) open.ended();
    else open.failed(stream.errored);
    return () => {};
  }
  const fill = stream[pulled].bind(stream);
  const push = stream.push.bind(stream);
  const destroy = stream.destroy.bind(stream);
  put(stream, pulled, (size: number) => {
    open.wait();
    fill(size);
  });
  put(stream, "push", (chunk: unknown, encoding?: BufferEncoding) => {
    if (chunk === null) open.ended();
    else open.arrived();
    return push(chunk, encoding);
  });
  put(stream, "destroy", (error?: Error | null) => {
    // A loop that is left early ends its stream with an AbortError.
    if (error === undefined || error === null || error.name === "AbortError") open.ended();
    else open.failed(error);
    return destroy(error ?? undefined);
  });
  return (error) => void stream.destroy(error as Error);
}

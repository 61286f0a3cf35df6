/** Streams of Node: what is pushed into them is watched, without reading and without listening. */
import { type Duplex, type Readable, Transform } from "node:stream";
import type { OpenStream } from "./open-stream.ts";
import { put } from "./put.ts";

/** Called by the stream itself when it wants more, if only to have it ready (T1). */
const pulled = "_read";

/** All that is watched of them; emitters may have `pipe`, `on` and `push` as well. */
const methods = ["pipe", "on", "push", "read", "destroy", "listenerCount", pulled] as const;

export function isNodeStream(value: object): value is Readable {
  return methods.every((name) => typeof (value as Partial<Readable>)[name] === "function");
}

/**
 * `push` is how each chunk and the end come in; `destroy` is how it is given up; a `read` without a
 * result is how a reader comes to wait, unless chunks flow to him. No listener is added: one for
 * `error` would swallow what nobody else listens to, one for `data` would drain it.
 */
export function watchNodeStream(stream: Readable, open: OpenStream): (error: unknown) => void {
  if (stream.readableEnded || stream.destroyed) {
    if (stream.errored === null) open.ended();
    else open.failed(stream.errored);
    return () => {};
  }
  const fill = stream[pulled].bind(stream);
  const read = stream.read.bind(stream);
  const push = stream.push.bind(stream);
  const destroy = stream.destroy.bind(stream);
  let isReadByHand = false;
  put(stream, "read", (size?: number): unknown => {
    const chunk: unknown = read(size);
    // To ask for nothing is how a stream fills its buffer.
    if (size === 0) return chunk;
    isReadByHand = true;
    if (chunk === null) open.wait(!isOpenBothWays(stream));
    return chunk;
  });
  put(stream, pulled, (size: number) => {
    const isAwaited =
      stream.readableFlowing === true || (!isReadByHand && stream.listenerCount("readable") > 0);
    if (isAwaited && stream.readableLength === 0) open.wait(!isOpenBothWays(stream));
    fill(size);
  });
  put(stream, "push", (chunk: unknown, encoding?: BufferEncoding) => {
    if (chunk === null) open.ended();
    else open.arrived();
    return push(chunk, encoding);
  });
  put(stream, "destroy", (error?: Error | null, ...more: []) => {
    // A loop that is left early ends its stream with an AbortError.
    if (error === undefined || error === null || error.name === "AbortError") open.ended();
    else open.failed(error);
    // Node takes a callback there as well.
    return destroy(error ?? undefined, ...more);
  });
  if (isDuplex(stream)) watchLastWord(stream, open);
  return (error) => {
    if (isHttpBody(stream)) keepFromRequest(stream);
    stream.destroy(error as Error);
  };
}

interface HttpBody extends Readable {
  readonly socket: Duplex | null;
}

function isHttpBody(stream: Readable): stream is HttpBody {
  return "complete" in stream && "aborted" in stream && "socket" in stream;
}

/**
 * An error that a body is destroyed with goes by its socket to the request, where nobody listens
 * any more: the process would end. Only who listens to the body is told, as Node has it.
 */
function keepFromRequest(body: HttpBody): void {
  put(body, "_destroy", (error: Error | null, done: (error?: Error | null) => void) => {
    body.socket?.destroy();
    done(body.listenerCount("error") === 0 ? null : error);
  });
}

function isDuplex(stream: Readable): stream is Duplex {
  return typeof (stream as Partial<Duplex>).end === "function";
}

/** Its holder may still have something to say; what another stream is piped into is fed by that. */
function isOpenBothWays(stream: Readable): boolean {
  if (!isDuplex(stream) || !stream.writable) return false;
  return !(stream instanceof Transform && stream.listenerCount("unpipe") > 0);
}

/** After it the other side has nothing to wait for. */
function watchLastWord(stream: Duplex, open: OpenStream): void {
  const end = stream.end.bind(stream) as (...words: unknown[]) => Duplex;
  put(stream, "end", (...words: unknown[]) => {
    const ended = end(...words);
    open.promised();
    return ended;
  });
}

/** Which kind of stream it is: each is watched in its own way, and stays what it is. */
import type { Call } from "../core/call.ts";
import { isIterator, watchIterator } from "./iterable.ts";
import { isNodeStream, watchNodeStream } from "./node-stream.ts";
import { OpenStream, unread } from "./open-stream.ts";
import { put } from "./put.ts";
import type { StreamOwner } from "./stream-owner.ts";
import { countWaiting } from "./waited-time.ts";
import { watchWebStream } from "./web-stream.ts";

/** One that is handed out again is the call's that has opened it. */
const watched = new WeakSet<object>();

export function isWatched(stream: object): boolean {
  return watched.has(stream);
}

/**
 * The very stream, with its reading watched. One that cannot be watched, or throws when it is
 * looked at, has succeeded.
 */
export function watchStream(operation: StreamOwner, call: Call, stream: object): object {
  const watch = isWatched(stream) ? undefined : watchOf(stream);
  if (watch === undefined) {
    operation.workFulfilled(call, stream);
    return stream;
  }
  watched.add(stream);
  watch(operation, call);
  return stream;
}

type Cut = (error: unknown) => void;
type Watch = (operation: StreamOwner, call: Call) => void;

/** How it is watched; undefined: it is not. */
function watchOf(stream: object): Watch | undefined {
  try {
    if (!Object.isExtensible(stream)) return undefined;
    if (isNodeStream(stream)) return watchBy(watchNodeStream, stream);
    if (stream instanceof ReadableStream) return watchBy(watchWebStream, stream);
    if (isIterator(stream)) return watchBy(watchIterator, stream);
    const loop = (stream as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator];
    return typeof loop === "function" ? watchFirstLoop(stream, loop) : undefined;
  } catch {
    return undefined;
  }
}

function watchBy<S extends object>(watch: (stream: S, open: OpenStream) => Cut, stream: S): Watch {
  return (operation, call) => {
    let cut: Cut = () => {};
    const open = new OpenStream(operation, call, (error) => cut(error));
    open.isReadThrough(stream);
    try {
      cut = watch(stream, open);
    } catch {
      open.ended();
    }
  };
}

/** Each loop over it asks for an iterator; the first one is the call's (T4). */
function watchFirstLoop(source: object, loop: () => object): Watch {
  return (operation, call) => {
    const take = unread(operation, call, source);
    const isPut = put(source, Symbol.asyncIterator, (): object => {
      const opened = take();
      if (opened === undefined) return loop.call(source);
      let iterator: object;
      try {
        iterator = loop.call(source);
      } catch (error) {
        countWaiting(operation, opened);
        operation.workRejected(opened, error);
        throw error;
      }
      return watchStream(operation, opened, iterator);
    });
    const untaken = isPut ? undefined : take();
    if (untaken === undefined) return;
    countWaiting(operation, untaken);
    operation.workFulfilled(untaken, source);
  };
}

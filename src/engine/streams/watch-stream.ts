/** Which kind of stream it is: each is watched in its own way, and stays what it is. */
import type { Call } from "../core/call.ts";
import type { OperationCore } from "../core/operation-core.ts";
import { isIterator, watchIterator } from "./iterable.ts";
import { isNodeStream, watchNodeStream } from "./node-stream.ts";
import { OpenStream, unread } from "./open-stream.ts";
import { put } from "./put.ts";
import { watchWebStream } from "./web-stream.ts";

/** One that is handed out again is the call's that has opened it. */
const watched = new WeakSet<object>();

/** The very stream, with its reading watched. One that cannot be watched has succeeded. */
export function watchStream(operation: OperationCore, call: Call, stream: object): object {
  if (watched.has(stream) || !Object.isExtensible(stream)) {
    operation.workFulfilled(call, stream);
    return stream;
  }
  watched.add(stream);
  if (isNodeStream(stream)) {
    watchBy(watchNodeStream, { operation, call, stream });
  } else if (stream instanceof ReadableStream) {
    watchBy(watchWebStream, { operation, call, stream });
  } else if (isIterator(stream)) {
    watchBy(watchIterator, { operation, call, stream });
  } else {
    watchFirstLoop(operation, call, stream as AsyncIterable<unknown>);
  }
  return stream;
}

type Cut = (error: unknown) => void;

interface Opened<S> {
  readonly operation: OperationCore;
  readonly call: Call;
  readonly stream: S;
}

function watchBy<S extends object>(
  watch: (stream: S, open: OpenStream) => Cut,
  { operation, call, stream }: Opened<S>,
): void {
  let cut: Cut = () => {};
  const open = new OpenStream(operation, call, (error) => cut(error));
  open.isReadThrough(stream);
  cut = watch(stream, open);
}

/** Each loop over it asks for an iterator; the first one is the call's (T4). */
function watchFirstLoop(operation: OperationCore, call: Call, source: AsyncIterable<unknown>) {
  const read = source[Symbol.asyncIterator];
  const take = unread(operation, call, source);
  put(source, Symbol.asyncIterator, (): object => {
    const iterator = read.call(source);
    const opened = take();
    return opened === undefined ? iterator : watchStream(operation, opened, iterator);
  });
}

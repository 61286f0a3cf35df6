/** Which kind of stream it is: each is watched in its own way, and stays what it is. */
import type { Call } from "../core/call.ts";
import type { OperationCore } from "../core/operation-core.ts";
import { watchIterable } from "./iterable.ts";
import { isNodeStream, watchNodeStream } from "./node-stream.ts";
import { OpenStream } from "./open-stream.ts";
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
  let cut: (error: unknown) => void = () => {};
  const open = new OpenStream(operation, call, (error) => cut(error));
  if (isNodeStream(stream)) cut = watchNodeStream(stream, open);
  else if (stream instanceof ReadableStream) cut = watchWebStream(stream, open);
  else cut = watchIterable(stream as AsyncIterable<unknown>, open);
  return stream;
}

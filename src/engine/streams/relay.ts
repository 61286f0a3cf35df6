/** A stream of the web whose chunks come through a watched reader, each when it is asked for. */

import type {
  ReadableByteStreamController,
  ReadableStreamDefaultController,
} from "node:stream/web";

type Controller = ReadableStreamDefaultController<unknown> | ReadableByteStreamController;

/** Reads nothing ahead; cancelled, it cancels its source. `release` gives the source free. */
export interface Relay {
  readonly stream: ReadableStream;
  readonly release: () => void;
}

/**
 * It locks the source, and takes bytes into buffers where the source can.
 * @throws TypeError where the source is locked
 */
export function relayOf(source: ReadableStream): Relay {
  const isOfBytes = takesBuffers(source);
  const reader = source.getReader();
  const pull = async (controller: Controller): Promise<void> => {
    const chunk = await reader.read();
    if (!chunk.done) {
      controller.enqueue(chunk.value as never);
      return;
    }
    controller.close();
    // Who waits with a buffer gets it back, empty.
    if ("byobRequest" in controller) controller.byobRequest?.respond(0);
  };
  const cancel = (reason: unknown): Promise<void> => reader.cancel(reason);
  const stream = isOfBytes
    ? new ReadableStream({ type: "bytes", pull, cancel }, { highWaterMark: 0 })
    : new ReadableStream({ pull, cancel }, { highWaterMark: 0 });
  return { stream, release: () => reader.releaseLock() };
}

function takesBuffers(source: ReadableStream): boolean {
  if (source.locked) return false;
  try {
    source.getReader({ mode: "byob" }).releaseLock();
    return true;
  } catch {
    // As the standard has it for all others.
    return false;
  }
}

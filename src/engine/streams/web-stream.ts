/** Streams of the web: their readers are watched, and so is what is piped out of them. */
import type { OpenStream } from "./open-stream.ts";
import { watchPulls } from "./pulling.ts";
import { put } from "./put.ts";
import { quietly } from "./quietly.ts";

type Reader = ReadableStreamDefaultReader<unknown>;
type PipeTo = ReadableStream["pipeTo"];
type PipeThrough = ReadableStream["pipeThrough"];

export function watchWebStream(stream: ReadableStream, open: OpenStream): (error: unknown) => void {
  const getReader = stream.getReader.bind(stream);
  const pipeTo = stream.pipeTo.bind(stream);
  const cancel = stream.cancel.bind(stream);
  let cut: (error: unknown) => void = () => {};
  put(stream, "getReader", (options?: { mode: "byob" }): Reader => {
    const reader = getReader(options as never) as Reader;
    cut = watchReader(reader, open);
    return reader;
  });
  const follow = (...words: Parameters<PipeTo>): Promise<void> => settle(pipeTo(...words), open);
  put(stream, "pipeTo", follow);
  put(stream, "pipeThrough", (...[pair, options]: Parameters<PipeThrough>) => {
    // As the standard does: the failure reaches the reader of the other end.
    void quietly(follow(pair.writable, options));
    return pair.readable;
  });
  put(stream, "cancel", (reason?: unknown) => {
    open.ended();
    return cancel(reason);
  });
  const values = (options?: Leaving): AsyncGenerator => iterate(stream, options);
  put(stream, "values", values);
  put(stream, Symbol.asyncIterator, values);
  return (error) => cut(error);
}

function watchReader(reader: Reader, open: OpenStream): (error: unknown) => void {
  const cancel = reader.cancel.bind(reader);
  const read = reader.read.bind(reader);
  const { pull, cut } = watchPulls(() => read(), open);
  put(reader, "read", pull);
  put(reader, "cancel", (reason?: unknown) => {
    open.ended();
    return cancel(reason);
  });
  return (error) => {
    cut(error);
    void quietly(cancel(error));
  };
}

interface Leaving {
  readonly preventCancel?: boolean;
}

async function* iterate(stream: ReadableStream, { preventCancel }: Leaving = {}): AsyncGenerator {
  const reader = stream.getReader();
  let isOver = false;
  try {
    for (;;) {
      const chunk = await reader.read();
      isOver = chunk.done;
      if (chunk.done) return;
      yield chunk.value;
    }
  } catch (error) {
    isOver = true;
    throw error;
  } finally {
    if (!isOver && preventCancel !== true) await reader.cancel();
    reader.releaseLock();
  }
}

async function settle(piping: Promise<void>, open: OpenStream): Promise<void> {
  open.wait();
  try {
    await piping;
  } catch (error) {
    open.failed(error);
    throw error;
  }
  open.ended();
}

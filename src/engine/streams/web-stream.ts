/** Streams of the web: their readers are watched, and so is what is piped or copied out of them. */
import { harmless } from "../../resilience/index.ts";
import type { OpenStream } from "./open-stream.ts";
import { Pulling } from "./pulling.ts";
import { put } from "./put.ts";
import { relayOf } from "./relay.ts";

type Reader = ReadableStreamDefaultReader<unknown>;
type PipeTo = ReadableStream["pipeTo"];
type PipeThrough = ReadableStream["pipeThrough"];

export function watchWebStream(stream: ReadableStream, open: OpenStream): (error: unknown) => void {
  const getReader = stream.getReader.bind(stream);
  const pipeThrough = stream.pipeThrough.bind(stream);
  const cancel = stream.cancel.bind(stream);
  let cut: (error: unknown) => void = () => {};
  put(stream, "getReader", (...options: never[]): Reader => {
    const reader = getReader(...options) as Reader;
    cut = watchReader(reader, open);
    return reader;
  });
  const pipeTo = async (...[to, options]: Parameters<PipeTo>): Promise<void> => {
    const relay = relayOf(stream);
    try {
      await relay.stream.pipeTo(to, options);
    } finally {
      relay.release();
    }
  };
  put(stream, "pipeTo", pipeTo);
  put(stream, "pipeThrough", (...[pair, options]: Parameters<PipeThrough>) => {
    // It says itself what is wrong with them.
    if (stream.locked || !canTake(pair)) return pipeThrough(pair, options);
    // As the standard does: the failure reaches the reader of the other end.
    harmless(() => pipeTo(pair.writable, options));
    return pair.readable;
  });
  put(stream, "tee", () => relayOf(stream).stream.tee());
  put(stream, "cancel", (reason?: unknown) => {
    if (!stream.locked) open.ended();
    return cancel(reason);
  });
  const values = (options?: Leaving): AsyncIterator<unknown> => iterate(stream, options);
  put(stream, "values", values);
  put(stream, Symbol.asyncIterator, values);
  return (error) => cut(error);
}

function canTake(pair: Partial<ReadableWritablePair> | undefined): boolean {
  const { readable, writable } = pair ?? {};
  const isPair = readable instanceof ReadableStream && writable instanceof WritableStream;
  return isPair && !writable.locked;
}

function watchReader(reader: Reader, open: OpenStream): (error: unknown) => void {
  const cancel = reader.cancel.bind(reader);
  const releaseLock = reader.releaseLock.bind(reader);
  const pulling = new Pulling(open);
  put(reader, "read", pulling.watched(reader.read.bind(reader)));
  put(reader, "cancel", (reason?: unknown) => {
    open.ended();
    return cancel(reason);
  });
  put(reader, "releaseLock", () => {
    pulling.letGo();
    releaseLock();
  });
  return (error) => {
    pulling.cut(error);
    harmless(async () => cancel(error));
  };
}

interface Leaving {
  readonly preventCancel?: boolean;
}

async function* generator(): AsyncGenerator {}

/** Of generators are the first two; the third is that of all async iterators. */
const asyncIterator = [1, 2, 3].reduce<object>(
  (each) => Object.getPrototypeOf(each) as object,
  generator(),
);

/** Locks the stream at once, as the standard has it. */
function iterate(stream: ReadableStream, { preventCancel }: Leaving = {}): AsyncIterator<unknown> {
  const reader = stream.getReader();
  let isOver = false;
  const leave = (): void => {
    isOver = true;
    reader.releaseLock();
  };
  const next = async (): Promise<IteratorResult<unknown>> => {
    if (isOver) return { done: true, value: undefined };
    try {
      const chunk = await reader.read();
      if (chunk.done && !isOver) leave();
      return chunk as IteratorResult<unknown>;
    } catch (error) {
      if (!isOver) leave();
      throw error;
    }
  };
  const giveUp = async (value?: unknown): Promise<IteratorResult<unknown>> => {
    if (!isOver) {
      const ending = preventCancel === true ? undefined : reader.cancel(value);
      leave();
      await ending;
    }
    return { done: true, value };
  };
  return Object.assign(Object.create(asyncIterator) as object, { next, return: giveUp });
}

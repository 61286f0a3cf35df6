/** Looks at what is read of a stream, and leaves the stream itself as it is. */
import { isThenable } from "../streams/is-thenable.ts";
import { put } from "../streams/put.ts";

export interface Seen<Chunk> {
  readonly chunk: (chunk: Chunk) => void;
  readonly ended: () => void;
  readonly failed: (error: unknown) => void;
}

/** One that lets nobody add to it is not looked at. */
export function watchReading<Chunk>(stream: AsyncIterable<Chunk>, seen: Seen<Chunk>): void {
  if (stream instanceof ReadableStream) watchWeb(stream as ReadableStream<Chunk>, seen);
  else if (isIterator<Chunk>(stream)) watchIterator(stream, seen);
  else {
    const read = stream[Symbol.asyncIterator];
    put(stream, Symbol.asyncIterator, (): AsyncIterator<Chunk> => {
      const iterator = read.call(stream);
      watchIterator(iterator, seen);
      return iterator;
    });
  }
}

function isIterator<Chunk>(stream: object): stream is AsyncIterator<Chunk> {
  return typeof (stream as Partial<AsyncIterator<Chunk>>).next === "function";
}

type Pulled<Chunk> = IteratorResult<Chunk> | Promise<IteratorResult<Chunk>>;

function watchIterator<Chunk>(iterator: AsyncIterator<Chunk>, seen: Seen<Chunk>): void {
  const next = iterator.next.bind(iterator) as (...words: unknown[]) => Pulled<Chunk>;
  put(iterator, "next", (...words: unknown[]): Pulled<Chunk> => {
    let pulled: Pulled<Chunk>;
    try {
      pulled = next(...words);
    } catch (error) {
      seen.failed(error);
      throw error;
    }
    if (isThenable(pulled)) return look(pulled, seen);
    // Some answer at once.
    tell(pulled, seen);
    return pulled;
  });
}

/** Reading by hand, in a loop, or through a pipe: each takes another way into the stream. */
function watchWeb<Chunk>(stream: ReadableStream<Chunk>, seen: Seen<Chunk>): void {
  const getReader = stream.getReader.bind(stream);
  const values = stream.values.bind(stream);
  put(stream, "getReader", (...words: Parameters<typeof getReader>) => {
    const reader = getReader(...words) as ReadableStreamDefaultReader<Chunk>;
    // One that fills its reader's own buffer is handed that buffer.
    const read = reader.read.bind(reader) as (...words: unknown[]) => Promise<unknown>;
    put(reader, "read", (...words: unknown[]) =>
      look(read(...words) as Promise<IteratorResult<Chunk>>, seen),
    );
    return reader;
  });
  const loop = (...words: Parameters<typeof values>): AsyncIterator<Chunk> => {
    const iterator = values(...words);
    watchIterator(iterator, seen);
    return iterator;
  };
  put(stream, "values", loop);
  put(stream, Symbol.asyncIterator, loop);
  const passed = (): ReadableStream<Chunk> => passing(getReader(), seen);
  put(stream, "pipeThrough", (...words: Parameters<ReadableStream<Chunk>["pipeThrough"]>) =>
    passed().pipeThrough(...words),
  );
  put(stream, "pipeTo", (...words: Parameters<ReadableStream<Chunk>["pipeTo"]>) =>
    passed().pipeTo(...words),
  );
  put(stream, "tee", () => passed().tee());
}

/** The same chunks, of which none is asked for that nobody has asked for. */
function passing<Chunk>(
  reader: ReadableStreamDefaultReader<Chunk>,
  seen: Seen<Chunk>,
): ReadableStream<Chunk> {
  return new ReadableStream<Chunk>(
    {
      pull: async (controller) => {
        const read = reader.read() as Promise<IteratorResult<Chunk>>;
        const result = await look(read, seen);
        if (result.done === true) controller.close();
        else controller.enqueue(result.value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

async function look<Chunk>(
  pulled: PromiseLike<IteratorResult<Chunk>>,
  seen: Seen<Chunk>,
): Promise<IteratorResult<Chunk>> {
  try {
    const result = await pulled;
    tell(result, seen);
    return result;
  } catch (error) {
    seen.failed(error);
    throw error;
  }
}

function tell<Chunk>(result: IteratorResult<Chunk>, { chunk, ended }: Seen<Chunk>): void {
  if (result?.done === true) ended();
  else chunk(result?.value);
}

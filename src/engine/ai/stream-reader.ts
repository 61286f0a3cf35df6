/**
 * A stream as its reader holds it. Not a bare generator: the `return` of one waits for the chunk
 * that is under way, for ever where the provider hangs; this one hangs up at once.
 */
import type { Member } from "./member.ts";
import { readThrough, type StreamPlan } from "./stream-turn.ts";

export class StreamReader<M extends Member, Chunk> implements AsyncIterableIterator<Chunk> {
  readonly #plan: StreamPlan<M, Chunk>;
  readonly #chunks: AsyncGenerator<Chunk, void, undefined>;
  #first: IteratorResult<Chunk, void> | undefined;
  #isCancelled = false;

  private constructor(plan: StreamPlan<M, Chunk>) {
    this.#plan = plan;
    this.#chunks = readThrough(plan);
  }

  /** Waits until somebody has begun to answer; rejects when nobody does. */
  static async open<M extends Member, Chunk>(
    plan: StreamPlan<M, Chunk>,
  ): Promise<StreamReader<M, Chunk>> {
    const reader = new StreamReader(plan);
    reader.#first = await reader.#chunks.next();
    return reader;
  }

  async next(): Promise<IteratorResult<Chunk, void>> {
    const first = this.#first;
    this.#first = undefined;
    if (this.#isCancelled) return over;
    if (first !== undefined) return first;
    try {
      return await this.#chunks.next();
    } catch (error) {
      if (this.#isCancelled) return over;
      throw error;
    }
  }

  /** The reader has seen enough. */
  async return(): Promise<IteratorResult<Chunk, void>> {
    this.#isCancelled = true;
    this.#plan.turn.current?.abandon();
    this.#chunks.return().catch(() => undefined);
    return over;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The same as a web stream, which nobody reads ahead of. */
  toReadable(): ReadableStream<Chunk> {
    return new ReadableStream<Chunk>(
      {
        pull: async (controller) => {
          const { done, value } = await this.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        },
        cancel: async () => {
          await this.return();
        },
      },
      { highWaterMark: 0 },
    );
  }
}

const over = { done: true, value: undefined } as const;

/** One chunk after the other, pulled by whoever reads: iterators and readers alike. */

import { deferred } from "../../kernel/index.ts";
import { isThenable } from "./is-thenable.ts";
import type { OpenStream } from "./open-stream.ts";

interface Chunk {
  readonly done?: boolean;
}

export type Pull = (...words: never[]) => unknown;

/** Such an error was handed in by the reader himself. */
type IsOwn = (error: unknown, words: readonly unknown[]) => boolean;

export class Pulling {
  readonly #open: OpenStream;
  /** How to reject each that has not come yet, also when its reader has been told already. */
  readonly #pending = new Set<(error: unknown) => void>();
  #ending: { readonly error: unknown } | undefined;
  #isLetGo = false;

  constructor(open: OpenStream) {
    this.#open = open;
  }

  /** As the original is, with all that it is given: what answers at once still does. */
  watched(original: Pull, isOwn: IsOwn = () => false): Pull {
    return (...words) => {
      if (this.#ending !== undefined) return this.#rejected(this.#ending.error);
      this.#open.wait();
      const fail = (error: unknown): void => {
        if (isOwn(error, words)) this.#open.ended();
        else this.#failed(error);
      };
      let answer: unknown;
      try {
        answer = original(...words);
      } catch (error) {
        fail(error);
        throw error;
      }
      if (typeof answer === "object" && answer !== null && isThenable(answer))
        return this.#later(answer as PromiseLike<Chunk>, fail);
      this.#arrived(answer as Chunk);
      return answer;
    };
  }

  /** What is pending is rejected, and so is every later one. */
  cut(error: unknown): void {
    this.#ending = { error };
    for (const reject of this.#pending) reject(error);
  }

  /** What is pending is rejected because its reader has let go: that is no failure. */
  letGo(): void {
    this.#isLetGo = true;
  }

  #later(answer: PromiseLike<Chunk>, fail: (error: unknown) => void): Promise<Chunk> {
    const { promise, resolve, reject } = deferred<Chunk>();
    this.#pending.add(reject);
    const settle = async (): Promise<void> => {
      try {
        const chunk = await answer;
        this.#pending.delete(reject);
        this.#arrived(chunk);
        resolve(chunk);
      } catch (error) {
        this.#pending.delete(reject);
        fail(error);
        reject(error);
      }
    };
    void settle();
    return promise;
  }

  async #rejected(error: unknown): Promise<never> {
    throw error;
  }

  #arrived(chunk: Chunk | undefined): void {
    const isLast = this.#ending !== undefined && this.#pending.size === 0;
    // What was cut is never asked again: with the last that was asked for the work is over.
    if (chunk?.done === true || isLast) this.#open.ended();
    else this.#open.arrived();
    // Others were asked for before this one had come.
    if (this.#pending.size > 0) this.#open.wait();
  }

  #failed(error: unknown): void {
    if (this.#isLetGo) this.#arrived(undefined);
    else this.#open.failed(error);
  }
}

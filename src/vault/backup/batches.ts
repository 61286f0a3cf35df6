/**
 * Single wishes put together: whoever asks one by one is answered one by one, and the work is done
 * by the hundred.
 *
 * B1. Who adds awaits `room` before, so that what waits is bounded.
 * B2. An unfilled batch begins with `flush`, or when `room` has to wait: nobody waits for a batch
 *     that waits for him.
 */
import { assert } from "../../kernel/index.ts";

export interface BatchesOptions<Item, Result> {
  readonly run: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly mostItems: number;
  /** Of what `add` calls the weight. */
  readonly mostWeight: number;
  readonly atOnce: number;
}

interface Wish<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export class Batches<Item, Result> {
  readonly #options: BatchesOptions<Item, Result>;
  readonly #running = new Set<Promise<void>>();
  #open: Wish<Item, Result>[] = [];
  #openWeight = 0;

  constructor(options: BatchesOptions<Item, Result>) {
    this.#options = options;
  }

  add(item: Item, weight: number): Promise<Result> {
    const { mostItems, mostWeight } = this.#options;
    return new Promise((resolve, reject) => {
      this.#open.push({ item, resolve, reject });
      this.#openWeight += weight;
      if (this.#open.length >= mostItems || this.#openWeight >= mostWeight) this.flush();
    });
  }

  flush(): void {
    const batch = this.#open;
    if (batch.length === 0) return;
    this.#open = [];
    this.#openWeight = 0;
    const run = this.#run(batch).finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  async room(): Promise<void> {
    while (this.#running.size >= this.#options.atOnce) await Promise.race(this.#running);
  }

  async #run(batch: readonly Wish<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#options.run(batch.map((wish) => wish.item));
      assert(results.length === batch.length, "a result for every item of a batch");
      for (const [at, wish] of batch.entries()) wish.resolve(results[at] as Result);
    } catch (error) {
      for (const wish of batch) wish.reject(error);
    }
  }
}

import { assert } from "./assert.ts";

/**
 * A first-in, first-out queue with a limit. What does not fit is refused, and the refusal counted:
 * nothing inside is unbounded, and no loss is silent.
 */
export class BoundedQueue<T> {
  readonly #limit: number;
  #items: T[] = [];
  #refused = 0;

  constructor(limit: number) {
    assert(limit > 0, "a queue holds at least one item");
    this.#limit = limit;
  }

  get size(): number {
    return this.#items.length;
  }

  /** How many items were refused since the start. */
  get refused(): number {
    return this.#refused;
  }

  /** False when the queue is full but for `leaving` places, and the item was not taken. */
  offer(item: T, leaving = 0): boolean {
    if (this.#items.length >= this.#limit - leaving) {
      this.#refused += 1;
      return false;
    }
    this.#items.push(item);
    return true;
  }

  /** All items in order; the queue is empty afterwards. */
  drain(): readonly T[] {
    const items = this.#items;
    this.#items = [];
    return items;
  }
}

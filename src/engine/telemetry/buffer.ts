/**
 * What waits to be sent, bounded: a queue, and a table of what had to be joined because the queue
 * was full. The oldest is joined first, so that what is whole is what is new.
 *
 * B1. At most `queueMax` items wait whole and `joinedMax` joined. What finds no room in the table
 *     either is lost, and counted.
 * B2. Items taken + items joined away + items lost + items waiting = items added. An item that
 *     stands for several others is one: they were joined away.
 * B3. Joined ones are older than whole ones, and are taken first.
 */
export interface Joining<T> {
  /** Equal for items that may be joined. */
  readonly keyOf: (item: T) => string;
  readonly join: (earlier: T, later: T) => T;
}

export interface BufferLimits {
  readonly queueMax: number;
  readonly joinedMax: number;
}

export class JoiningBuffer<T> {
  readonly #joining: Joining<T>;
  readonly #limits: BufferLimits;
  #queue: T[] = [];
  /** Where the queue begins: taking from the front moves nothing. */
  #head = 0;
  #joined = new Map<string, T>();
  #joinedAway = 0;
  #lost = 0;

  constructor(joining: Joining<T>, limits: BufferLimits) {
    this.#joining = joining;
    this.#limits = limits;
  }

  /** Items that `take` would give. */
  get size(): number {
    return this.#joined.size + this.#queue.length - this.#head;
  }

  /** How many items are no longer told apart from another one. */
  get joinedAway(): number {
    return this.#joinedAway;
  }

  get lost(): number {
    return this.#lost;
  }

  add(item: T): void {
    if (this.#queue.length - this.#head >= this.#limits.queueMax) this.#joinOldest();
    this.#queue.push(item);
  }

  take(itemsMax: number): readonly T[] {
    const taken: T[] = [];
    for (const [key, item] of this.#joined) {
      if (taken.length >= itemsMax) return taken;
      taken.push(item);
      this.#joined.delete(key);
    }
    const end = Math.min(this.#queue.length, this.#head + itemsMax - taken.length);
    taken.push(...this.#queue.slice(this.#head, end));
    this.#head = end;
    this.#compact();
    return taken;
  }

  /** What was not accepted at the other end, or comes too late. */
  lose(count: number): void {
    this.#lost += count;
  }

  #joinOldest(): void {
    const oldest = this.#queue[this.#head] as T;
    this.#head += 1;
    this.#compact();
    const key = this.#joining.keyOf(oldest);
    const earlier = this.#joined.get(key);
    if (earlier !== undefined) {
      this.#joined.set(key, this.#joining.join(earlier, oldest));
      this.#joinedAway += 1;
    } else if (this.#joined.size < this.#limits.joinedMax) this.#joined.set(key, oldest);
    else this.#lost += 1;
  }

  #compact(): void {
    if (this.#head < 1024 && this.#head < this.#queue.length) return;
    this.#queue = this.#queue.slice(this.#head);
    this.#head = 0;
  }
}

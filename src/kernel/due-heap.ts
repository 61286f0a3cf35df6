/**
 * Which key is due next? A binary heap over monotonic due times with lazy deletion: setting a key
 * again supersedes its older entry, which is thrown away when it surfaces. Push and pop cost
 * O(log n), and a key that is set often costs no search.
 */
interface Entry {
  readonly key: string;
  readonly dueMs: number;
}

export class DueHeap {
  #entries: Entry[] = [];
  #dueMs = new Map<string, number>();

  get size(): number {
    return this.#dueMs.size;
  }

  /** Makes `key` due at `dueMs`, instead of any earlier time it was given. */
  set(key: string, dueMs: number): void {
    if (this.#dueMs.get(key) === dueMs) return;
    this.#dueMs.set(key, dueMs);
    this.#push({ key, dueMs });
    if (this.#entries.length > 64 && this.#entries.length > this.#dueMs.size * 3) this.#rebuild();
  }

  delete(key: string): void {
    this.#dueMs.delete(key);
  }

  dueOf(key: string): number | undefined {
    return this.#dueMs.get(key);
  }

  /** The earliest due time, or undefined when nothing is due ever. */
  nextDueMs(): number | undefined {
    this.#dropStale();
    return this.#entries[0]?.dueMs;
  }

  /** Takes out and returns the earliest key that is due at `nowMs`. */
  takeDue(nowMs: number): string | undefined {
    this.#dropStale();
    const first = this.#entries[0];
    if (first === undefined || first.dueMs > nowMs) return undefined;
    this.#pop();
    this.#dueMs.delete(first.key);
    return first.key;
  }

  #dropStale(): void {
    for (let first = this.#entries[0]; first !== undefined; first = this.#entries[0]) {
      if (this.#dueMs.get(first.key) === first.dueMs) return;
      this.#pop();
    }
  }

  #rebuild(): void {
    this.#entries = [];
    for (const [key, dueMs] of this.#dueMs) this.#push({ key, dueMs });
  }

  #push(entry: Entry): void {
    const heap = this.#entries;
    let place = heap.length;
    heap.push(entry);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent] as Entry;
      if (above.dueMs <= entry.dueMs) break;
      heap[place] = above;
      place = parent;
    }
    heap[place] = entry;
  }

  #pop(): void {
    const heap = this.#entries;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= heap.length) break;
      if (
        child + 1 < heap.length &&
        (heap[child + 1] as Entry).dueMs < (heap[child] as Entry).dueMs
      ) {
        child += 1;
      }
      if ((heap[child] as Entry).dueMs >= last.dueMs) break;
      heap[place] = heap[child] as Entry;
      place = child;
    }
    heap[place] = last;
  }
}

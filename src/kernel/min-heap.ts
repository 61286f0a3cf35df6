/** A binary heap by due time: the earliest entry is on top, push and pop cost O(log n). */
export interface Due {
  readonly dueMs: number;
}

export class MinHeap<Entry extends Due> {
  #entries: Entry[] = [];

  get size(): number {
    return this.#entries.length;
  }

  /** The earliest entry, which stays in. */
  get top(): Entry | undefined {
    return this.#entries[0];
  }

  clear(): void {
    this.#entries = [];
  }

  push(entry: Entry): void {
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

  /** Takes out the earliest entry. */
  pop(): Entry | undefined {
    const heap = this.#entries;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
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
    return first;
  }
}

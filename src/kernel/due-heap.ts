/**
 * Which key is due next? A heap over monotonic due times with lazy deletion: setting a key again
 * supersedes its older entry, which is thrown away when it surfaces. Push and pop cost O(log n),
 * and a key that is set often costs no search.
 */
import { MinHeap } from "./min-heap.ts";

interface Entry {
  readonly key: string;
  readonly dueMs: number;
}

export class DueHeap {
  readonly #entries = new MinHeap<Entry>();
  readonly #dueMs = new Map<string, number>();

  get size(): number {
    return this.#dueMs.size;
  }

  /** Makes `key` due at `dueMs`, instead of any earlier time it was given. */
  set(key: string, dueMs: number): void {
    if (this.#dueMs.get(key) === dueMs) return;
    this.#dueMs.set(key, dueMs);
    this.#entries.push({ key, dueMs });
    if (this.#entries.size > 64 && this.#entries.size > this.#dueMs.size * 3) this.#rebuild();
  }

  delete(key: string): void {
    this.#dueMs.delete(key);
  }

  dueOf(key: string): number | undefined {
    return this.#dueMs.get(key);
  }

  /** The earliest due time, or undefined when nothing is due ever. */
  nextDueMs(): number | undefined {
    return this.#first()?.dueMs;
  }

  /** Takes out and returns the earliest key that is due at `nowMs`. */
  takeDue(nowMs: number): string | undefined {
    const first = this.#first();
    if (first === undefined || first.dueMs > nowMs) return undefined;
    this.#entries.pop();
    this.#dueMs.delete(first.key);
    return first.key;
  }

  /** The earliest entry that is not superseded. */
  #first(): Entry | undefined {
    for (let first = this.#entries.top; first !== undefined; first = this.#entries.top) {
      if (this.#dueMs.get(first.key) === first.dueMs) return first;
      this.#entries.pop();
    }
    return undefined;
  }

  #rebuild(): void {
    this.#entries.clear();
    for (const [key, dueMs] of this.#dueMs) this.#entries.push({ key, dueMs });
  }
}

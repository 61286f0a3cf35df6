/**
 * A first-in first-out queue of ids for one consumer. `unfinished` counts what waits and what is in
 * work; an id leaves it only by `done`, so work that died half-way stays visible.
 */
export class WorkQueue {
  #waiting = [];
  #unfinished = new Set();
  #wake;
  #limit;
  closed = false;

  constructor({ limit }) {
    this.#limit = limit;
  }

  get unfinished() {
    return this.#unfinished.size;
  }

  get isFull() {
    return this.#unfinished.size >= this.#limit;
  }

  /** Adding an id that is already here changes nothing. The caller asks `isFull` before. */
  add(id) {
    if (this.#unfinished.has(id)) return;
    this.#unfinished.add(id);
    this.#waiting.push(id);
    this.#wake?.();
  }

  /** The next id, or undefined once the queue is closed. */
  async take() {
    while (!this.closed && this.#waiting.length === 0) {
      await new Promise((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.closed ? undefined : this.#waiting.shift();
  }

  done(id) {
    this.#unfinished.delete(id);
  }

  close() {
    this.closed = true;
    this.#wake?.();
  }
}

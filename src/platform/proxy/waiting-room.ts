/**
 * Requests that wait because nobody serves. Bounded in number; how long is the waiter's own affair.
 *
 * 1. A waiter is answered exactly once: "go", "late" when the room closes, or what it was
 *    cancelled with.
 * 2. Opening the room lets everybody go at once, oldest first.
 */
export type Wait = "go" | "late" | "gone";

export interface Waiter {
  readonly outcome: Promise<Wait>;
  readonly cancel: (outcome: Wait) => void;
}

export class WaitingRoom {
  private readonly waiting = new Set<(outcome: Wait) => void>();
  private readonly capacity: number;
  private closed = false;

  constructor(capacity = 1000) {
    this.capacity = capacity;
  }

  /** Undefined when the room is full. */
  enter(): Waiter | undefined {
    if (this.waiting.size >= this.capacity) return undefined;
    const { promise, resolve } = Promise.withResolvers<Wait>();
    const cancel = (outcome: Wait): void => {
      this.waiting.delete(cancel);
      resolve(outcome);
    };
    if (this.closed) cancel("late");
    else this.waiting.add(cancel);
    return { outcome: promise, cancel };
  }

  open(): void {
    for (const leave of this.waiting) leave("go");
  }

  /** Nobody will ever serve, neither those who wait nor those who come. */
  close(): void {
    this.closed = true;
    for (const leave of this.waiting) leave("late");
  }
}

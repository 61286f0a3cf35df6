/**
 * Tells when the kernel's queue of events may have run over, of which Node says nothing.
 *
 * The intuition: Node reads the queue until it is empty before anything else gets its turn. Had the
 * queue been full at any moment since it was empty the last time, all that it held then would have
 * been handed over in this one go. So a go with fewer events than a full queue proves that none was
 * lost, however long we were held up. Events of watches that were closed meanwhile are not handed
 * over; for them the mark lies far below the size of the queue.
 *
 * D1. A go of fewer than `mark` events is never suspect; one of that many always is, once.
 */
import { readFileSync } from "node:fs";

const sizePath = "/proc/sys/fs/inotify/max_queued_events";
/** What Linux has unless somebody changed it. */
const usualSize = 16_384;
const share = 2;

export class DrainCount {
  readonly #mark: number;
  #count = 0;

  constructor(queueSize: number = readQueueSize()) {
    this.#mark = Math.max(1, Math.floor(queueSize / share));
  }

  /** An event was handed over. @returns whether the queue may have run over, once in each go */
  add(): boolean {
    this.#count += 1;
    return this.#count === this.#mark;
  }

  /** The queue is empty now. */
  emptied(): void {
    this.#count = 0;
  }
}

function readQueueSize(): number {
  try {
    const size = Number(readFileSync(sizePath, "latin1"));
    return Number.isSafeInteger(size) && size > 0 ? size : usualSize;
  } catch {
    return usualSize;
  }
}

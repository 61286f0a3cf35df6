/** How many bytes the files of a server may have together. */
export class Quota {
  readonly #maxBytes: number;
  #usedBytes: number;

  constructor(maxBytes: number, usedBytes: number) {
    this.#maxBytes = maxBytes;
    this.#usedBytes = usedBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  hasRoomFor(sizeBytes: number): boolean {
    return this.#usedBytes + sizeBytes <= this.#maxBytes;
  }

  /** False: there is no room, and nothing was taken. */
  take(sizeBytes: number): boolean {
    if (!this.hasRoomFor(sizeBytes)) return false;
    this.#usedBytes += sizeBytes;
    return true;
  }

  giveBack(sizeBytes: number): void {
    this.#usedBytes = Math.max(0, this.#usedBytes - sizeBytes);
  }
}

/**
 * Memory for packs, used again: thrown away, it would wait for a collection that comes late, for
 * what lies outside of the heap hardly counts there, and a backup would hold all that it ever
 * wrote.
 */

/** A pack's memory comes in pieces of this size. */
const blockBytes = 1 << 20;
/** The packs that are open and two on their way need so many. */
const mostSpare = 56;

export class BlockPool {
  readonly #spare: Uint8Array<ArrayBuffer>[] = [];

  /** What is in it is chance. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#spare.pop() ?? new Uint8Array(blockBytes);
  }

  /** Parts of a pack that nobody reads any more, or whose readers throw away what they read. */
  giveBack(parts: readonly Uint8Array<ArrayBuffer>[]): void {
    for (const { buffer } of parts) {
      const isWhole = buffer.byteLength === blockBytes;
      if (isWhole && this.#spare.length < mostSpare) this.#spare.push(new Uint8Array(buffer));
    }
  }
}

/**
 * Memory that is used again for what is looked at briefly: a piece of its own for each of fifty
 * thousand small blobs costs more than to unpack some of them. Large ones are rare, and get their
 * own.
 */

const stepBytes = 64 << 10;
/** A chunk has at most 8 MiB. */
const mostBytes = (8 << 20) + stepBytes;

export class SpareRoom {
  #bytes = new Uint8Array();

  /**
   * At least so long, with anything in it, and the same that was given before; undefined for more
   * than is worth keeping.
   */
  take(leastBytes: number): Uint8Array | undefined {
    if (leastBytes > mostBytes) return undefined;
    if (this.#bytes.length < leastBytes) {
      this.#bytes = new Uint8Array(Math.ceil(leastBytes / stepBytes) * stepBytes);
    }
    return this.#bytes;
  }
}

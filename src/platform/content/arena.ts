/**
 * Memory that a job reads into, used again for each of its steps. A chunk that has begun when a
 * step ends moves to the front and is gone on with.
 */
import { assert } from "../../kernel/index.ts";

/** A step ends when it has so many bytes of chunks. */
export const stepBytes = 4 << 20;
/** A chunk has at most 8 MiB (`CutterOptions.maxBytes`), and may begin just before a step ends. */
const mostChunkBytes = 8 << 20;
export const largePieceBytes = 512 << 10;

export class Arena {
  #bytes = freshMemory();
  /** Where the open chunk begins. */
  #chunkFrom = 0;
  #end = 0;

  /** Bytes of finished chunks since `restart`. */
  get finishedBytes(): number {
    return this.#chunkFrom;
  }

  get openBytes(): number {
    return this.#end - this.#chunkFrom;
  }

  /** Where the next piece may be read to. */
  room(bytes: number): Buffer {
    assert(this.#end + bytes <= this.#bytes.length, "a step fits into its memory");
    return this.#bytes.subarray(this.#end, this.#end + bytes);
  }

  /** So many bytes were read into what `room` gave. */
  filled(bytes: number): Buffer {
    const piece = this.#bytes.subarray(this.#end, this.#end + bytes);
    this.#end += bytes;
    return piece;
  }

  /** Ends the open chunk so many bytes before the end of what was filled. */
  cut(behindBytes: number): Buffer {
    const chunk = this.#bytes.subarray(this.#chunkFrom, this.#end - behindBytes);
    this.#chunkFrom = this.#end - behindBytes;
    return chunk;
  }

  /** What was begun and is of no use any more. */
  dropOpen(): void {
    this.#end = this.#chunkFrom;
  }

  /** All that was read; what is open goes on in other memory, as after `restart`. */
  lend(spare?: ArrayBuffer): Buffer<ArrayBuffer> {
    const lent = this.#bytes;
    this.#bytes = spare === undefined ? freshMemory() : Buffer.from(spare);
    lent.copy(this.#bytes, 0, this.#chunkFrom, this.#end);
    this.#end -= this.#chunkFrom;
    this.#chunkFrom = 0;
    return lent;
  }

  /** Finished chunks are not looked at any more. */
  restart(): void {
    this.#bytes.copyWithin(0, this.#chunkFrom, this.#end);
    this.#end -= this.#chunkFrom;
    this.#chunkFrom = 0;
  }
}

/** The kernel gives memory for the part that is written to, and for no more. */
function freshMemory(): Buffer<ArrayBuffer> {
  return Buffer.allocUnsafeSlow(stepBytes + mostChunkBytes + 2 * largePieceBytes);
}

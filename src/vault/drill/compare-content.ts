/**
 * Is what was read back what it should be? Streams, so that a file of any size takes the same
 * memory.
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

export interface ExpectedChunk {
  /** SHA-256 of the chunk, in hex. */
  readonly id: string;
  readonly sizeBytes: number;
}

export interface ReadBack {
  /** SHA-256 of all that was read, in hex. */
  readonly hash: string;
  /** Of chunks that are others, missing, or too many: all their bytes count. */
  readonly differingBytes: number;
}

/** Against the hashes that the snapshot names, one for each chunk. */
export async function compareWithChunks(
  content: AsyncIterable<Uint8Array>,
  chunks: readonly ExpectedChunk[],
): Promise<ReadBack> {
  const whole = createHash("sha256");
  let [chunk, index, filledBytes, differingBytes] = [createHash("sha256"), 0, 0, 0];
  for await (const piece of content) {
    whole.update(piece);
    for (let rest = piece; rest.length > 0; ) {
      const expected = chunks[index];
      if (expected === undefined) {
        differingBytes += rest.length;
        break;
      }
      const part = rest.subarray(0, expected.sizeBytes - filledBytes);
      chunk.update(part);
      filledBytes += part.length;
      rest = rest.subarray(part.length);
      if (filledBytes < expected.sizeBytes) continue;
      if (chunk.digest("hex") !== expected.id) differingBytes += filledBytes;
      [chunk, index, filledBytes] = [createHash("sha256"), index + 1, 0];
    }
  }
  for (const { sizeBytes } of chunks.slice(index)) differingBytes += sizeBytes;
  return { hash: whole.digest("hex"), differingBytes };
}

/** How many bytes are not the same at the same place; those that only one has are not. */
export async function countDiffering(
  left: AsyncIterable<Uint8Array>,
  right: AsyncIterable<Uint8Array>,
): Promise<number> {
  await using others = new Pieces(right);
  let differingBytes = 0;
  for await (const piece of left) {
    for (let rest = piece; rest.length > 0; ) {
      const other = await others.take(rest.length);
      if (other.length === 0) {
        differingBytes += rest.length;
        break;
      }
      differingBytes += differingIn(rest.subarray(0, other.length), other);
      rest = rest.subarray(other.length);
    }
  }
  for (let rest = await others.take(surplusBytes); rest.length > 0; ) {
    differingBytes += rest.length;
    rest = await others.take(surplusBytes);
  }
  return differingBytes;
}

const surplusBytes = 1 << 20;

function differingIn(left: Uint8Array, right: Uint8Array): number {
  if (Buffer.compare(left, right) === 0) return 0;
  return left.reduce((count, byte, at) => count + (byte === right[at] ? 0 : 1), 0);
}

/** A stream from which is taken what is wanted. */
class Pieces implements AsyncDisposable {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** At least one byte and at most so many; none: it has ended. */
  async take(bytes: number): Promise<Uint8Array> {
    while (this.#rest.length === 0) {
      const next = await this.#source.next();
      if (next.done === true) return this.#rest;
      this.#rest = next.value;
    }
    const taken = this.#rest.subarray(0, bytes);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source.return?.();
  }
}

/**
 * One log file that is read on from where the last look ended.
 *
 * F1. The file is held open: after a rotation by renaming, what was written to it until then is
 *     still read, whatever its name is now.
 * F2. When it was cut (copytruncate), or written anew to the same length or more, it is read from
 *     its start. The latter shows by the last bytes before our place, which are not what they were.
 * F3. One look reads at most `bytesMax`; the rest is for the next look.
 */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { LineSplitter } from "./line-splitter.ts";

const chunkBytes = 64 * 1024;
const markBytes = 64;

export class FollowedFile {
  readonly #handle: FileHandle;
  #offset: number;
  /** The last bytes before `#offset`. */
  #mark: Buffer = Buffer.alloc(0);
  #lines = new LineSplitter();

  private constructor(handle: FileHandle, offset: number) {
    this.#handle = handle;
    this.#offset = offset;
  }

  /** Reads on from `offset`. Rejects when the file is gone or may not be read. */
  static async open(path: string, offset: number): Promise<FollowedFile> {
    // A pipe in its place must not keep us waiting for a writer.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { size } = await handle.stat();
      const file = new FollowedFile(handle, offset > size ? 0 : offset);
      await file.#remember();
      return file;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Lines that came since the last look, in pieces. */
  async *read(bytesMax: number): AsyncGenerator<readonly string[]> {
    if (await this.#wasReplaced()) {
      this.#offset = 0;
      this.#lines = new LineSplitter();
    }
    try {
      const chunk = Buffer.allocUnsafe(chunkBytes);
      for (let left = bytesMax; left > 0; ) {
        const length = Math.min(left, chunkBytes);
        const { bytesRead } = await this.#handle.read(chunk, 0, length, this.#offset);
        if (bytesRead === 0) break;
        this.#offset += bytesRead;
        left -= bytesRead;
        yield this.#lines.push(chunk.subarray(0, bytesRead));
      }
    } finally {
      // Also when the reader gives up between two pieces: our place is where we are.
      await this.#remember();
    }
  }

  /** It has no name any more: what is in it is only for those who hold it open. */
  async isDeleted(): Promise<boolean> {
    return (await this.#handle.stat()).nlink === 0;
  }

  async close(): Promise<void> {
    try {
      await this.#handle.close();
    } catch {
      // It was only read: an error of the disk at its end loses nothing.
    }
  }

  async #wasReplaced(): Promise<boolean> {
    // Of a file that is shorter now there are fewer bytes before our place.
    return !(await this.#before(this.#offset)).equals(this.#mark);
  }

  async #remember(): Promise<void> {
    this.#mark = await this.#before(this.#offset);
  }

  async #before(offset: number): Promise<Buffer> {
    const start = Math.max(0, offset - markBytes);
    const bytes = Buffer.alloc(offset - start);
    const { bytesRead } = await this.#handle.read(bytes, 0, bytes.length, start);
    return bytes.subarray(0, bytesRead);
  }
}

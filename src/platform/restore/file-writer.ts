/**
 * Opens blobs and writes them into files, in one thread.
 *
 * W1. Nothing is written of a blob whose MAC or hash does not fit.
 * W2. A file gets its name when each of its bytes was written; what is given up, or fails, leaves
 *     nothing behind.
 */
import { type BlobToWrite, type Codec, Damage, type EndedOtherwise } from "../../vault/index.ts";
import type { RestoreOutcome, Restorer, RestoringFile } from "../tree/index.ts";
import { leftButMode, leftNothing, type Written } from "./messages.ts";
import type { FileToBegin, ThreadJob } from "./packed-job.ts";

interface OpenFile {
  readonly file: RestoringFile;
  leftBytes: number;
}

export class FileWriter implements Disposable {
  readonly #restorer: Restorer;
  readonly #codec: Codec;
  readonly #open = new Map<number, OpenFile>();
  #done: number[] = [];
  #left: number[] = [];
  #ended: EndedOtherwise[] = [];

  constructor(restorer: Restorer, codec: Codec) {
    this.#restorer = restorer;
    this.#codec = codec;
  }

  write({ begins, blobs, bytes, givesUp }: ThreadJob): Written {
    [this.#done, this.#left, this.#ended] = [[], [], []];
    const files = new Map(begins.map((file) => [file.number, file]));
    for (const file of begins) if (file.node.sizeBytes === 0) this.#begin(file);
    const damaged: number[] = [];
    for (const [index, blob] of blobs.entries()) {
      const content = this.#content(blob, bytes);
      for (let at = 0; at < blob.targets.length; at += 2) {
        const number = blob.targets[at] ?? -1;
        const fresh = files.get(number);
        if (fresh !== undefined) this.#begin(fresh);
        files.delete(number);
        if (content !== undefined) this.#piece(number, blob.targets[at + 1] ?? 0, content);
      }
      if (content === undefined) damaged.push(index);
    }
    for (const number of givesUp) {
      this.#open.get(number)?.file[Symbol.dispose]();
      this.#open.delete(number);
    }
    return { done: this.#done, left: this.#left, ended: this.#ended, damaged };
  }

  [Symbol.dispose](): void {
    for (const { file } of this.#open.values()) file[Symbol.dispose]();
    this.#open.clear();
  }

  /** It holds until the next one. */
  #content(
    { at, id, length, plainLength }: BlobToWrite,
    bytes: Uint8Array,
  ): Uint8Array | undefined {
    const piece = bytes.subarray(at, at + length);
    if (plainLength < 0) return piece;
    try {
      return this.#codec.borrowBlob(id, piece, plainLength);
    } catch (error) {
      if (error instanceof Damage) return undefined;
      throw error;
    }
  }

  #begin({ isThere, node, number, path }: FileToBegin): void {
    const file = this.#restorer.file(path, node, isThere);
    if (file.kind !== "begun") return this.#end(number, file);
    if (node.sizeBytes === 0) return this.#end(number, file.finish());
    this.#open.set(number, { file, leftBytes: node.sizeBytes });
  }

  #piece(number: number, offset: number, content: Uint8Array): void {
    const open = this.#open.get(number);
    if (open === undefined) return;
    const failure = open.file.write(offset, content);
    open.leftBytes -= content.length;
    if (failure === undefined && open.leftBytes > 0) return;
    this.#open.delete(number);
    if (failure === undefined) return this.#end(number, open.file.finish());
    open.file[Symbol.dispose]();
    this.#end(number, failure);
  }

  #end(number: number, outcome: RestoreOutcome): void {
    if (outcome.kind !== "done") {
      this.#ended.push({ number, outcome });
      return;
    }
    this.#done.push(number);
    const { left } = outcome;
    this.#left.push(left === undefined ? leftNothing : (left.permissions ?? leftButMode));
  }
}

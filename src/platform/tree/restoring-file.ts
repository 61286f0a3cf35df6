/** A file whose content arrives in pieces, in any order, before it has its name. */
import { closeSync, fsyncSync, ftruncateSync } from "node:fs";
import type { RawPath } from "../../vault/index.ts";
import type { SplitPath } from "./held-folders.ts";
import {
  failureOf,
  type LeftToFinish,
  type RestoredNode,
  type RestoreFailure,
  RestoreFault,
  type RestoreOutcome,
} from "./restore-outcome.ts";
import { writeSparsely } from "./write-sparsely.ts";

/** What the steps around the content need; a file brings it along, and they keep nothing. */
export interface BegunFile {
  readonly path: RawPath;
  readonly place: SplitPath;
  readonly temporary: SplitPath;
  readonly node: RestoredNode & { readonly sizeBytes: number };
  readonly descriptor: number;
}

/** Of whoever began it. */
export interface FileSteps {
  readonly isDurable: boolean;
  /** Owner, mode and times, while it is open. */
  complete(file: BegunFile): LeftToFinish | undefined;
  /** Gives it its name. */
  settle(file: BegunFile, left: LeftToFinish | undefined): RestoreOutcome;
  discard(file: BegunFile): void;
}

export class RestoringFile implements Disposable {
  readonly kind = "begun";
  readonly #file: BegunFile;
  readonly #steps: FileSteps;
  #isOpen = true;
  /** Where what was written ends. */
  #endBytes = 0;

  constructor(file: BegunFile, steps: FileSteps) {
    this.#file = file;
    this.#steps = steps;
  }

  /** No byte twice, none behind the size: `EFBIG`. Zeros need not be written. */
  write(offset: number, bytes: Uint8Array): RestoreFailure | undefined {
    const { descriptor, node, path } = this.#file;
    try {
      if (offset + bytes.length > node.sizeBytes) {
        throw new RestoreFault("EFBIG", "more content than its size says");
      }
      this.#endBytes = Math.max(this.#endBytes, writeSparsely({ descriptor, offset }, bytes));
      return undefined;
    } catch (error) {
      return failureOf(path, error);
    }
  }

  finish(): RestoreOutcome {
    const { descriptor, node, path } = this.#file;
    try {
      // It ends in zeros that were not written.
      if (this.#endBytes < node.sizeBytes) ftruncateSync(descriptor, node.sizeBytes);
      const left = this.#steps.complete(this.#file);
      if (this.#steps.isDurable) fsyncSync(descriptor);
      this.#close();
      return this.#steps.settle(this.#file, left);
    } catch (error) {
      this[Symbol.dispose]();
      return failureOf(path, error);
    }
  }

  /** Without `finish` before it, nothing is left of the file. */
  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#close();
    this.#steps.discard(this.#file);
  }

  #close(): void {
    this.#isOpen = false;
    closeSync(this.#file.descriptor);
  }
}

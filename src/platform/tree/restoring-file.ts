/** A file whose content arrives in pieces, in any order, before it has its name. */
import { closeSync, fsyncSync, ftruncateSync } from "node:fs";
import type { RawPath } from "../../vault/index.ts";
import {
  failureOf,
  type LeftToFinish,
  type RestoreFailure,
  RestoreFault,
  type RestoreOutcome,
} from "./restore-outcome.ts";
import { writeSparsely } from "./write-sparsely.ts";

export interface RestoringFileOptions {
  readonly path: RawPath;
  readonly descriptor: number;
  readonly sizeBytes: number;
  readonly isDurable: boolean;
  /** Owner, mode and times, while it is open. */
  readonly complete: () => LeftToFinish | undefined;
  /** Gives it its name. */
  readonly settle: (left: LeftToFinish | undefined) => RestoreOutcome;
  readonly discard: () => void;
}

export class RestoringFile implements Disposable {
  readonly kind = "begun";
  readonly #options: RestoringFileOptions;
  #isOpen = true;
  /** Where what was written ends. */
  #endBytes = 0;

  constructor(options: RestoringFileOptions) {
    this.#options = options;
  }

  /** No byte twice, none behind the size: `EFBIG`. Zeros need not be written. */
  write(offset: number, bytes: Uint8Array): RestoreFailure | undefined {
    const { path, descriptor, sizeBytes } = this.#options;
    try {
      if (offset + bytes.length > sizeBytes) {
        throw new RestoreFault("EFBIG", "more content than its size says");
      }
      this.#endBytes = Math.max(this.#endBytes, writeSparsely({ descriptor, offset }, bytes));
      return undefined;
    } catch (error) {
      return failureOf(path, error);
    }
  }

  finish(): RestoreOutcome {
    const { path, descriptor, sizeBytes, isDurable, complete, settle } = this.#options;
    try {
      // It ends in zeros that were not written.
      if (this.#endBytes < sizeBytes) ftruncateSync(descriptor, sizeBytes);
      const left = complete();
      if (isDurable) fsyncSync(descriptor);
      this.#close();
      return settle(left);
    } catch (error) {
      this[Symbol.dispose]();
      return failureOf(path, error);
    }
  }

  /** Without `finish` before it, nothing is left of the file. */
  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#close();
    this.#options.discard();
  }

  #close(): void {
    this.#isOpen = false;
    closeSync(this.#options.descriptor);
  }
}

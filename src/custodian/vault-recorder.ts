/**
 * Entries of the audit trail of somebody who has many of them in a row. Opening a trail verifies
 * all of it, so it is held while entries come and for a moment afterwards, and then given back.
 */
import type { JsonRecord } from "../kernel/index.ts";
import { realTimers } from "../system/index.ts";
import type { AuditKind } from "../vault/index.ts";
import { type OpenedTrail, openOrLeave } from "./record-in-vault.ts";

const restMs = 500;

export class VaultRecorder implements AsyncDisposable {
  readonly #folder: string;
  #opened: Promise<OpenedTrail> | undefined;
  #closing: Promise<void> = Promise.resolve();
  #writing = 0;
  #cancel: () => void = () => {};

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Durable when it resolves, in the trail or in a note that its holder takes in. */
  async record(kind: AuditKind, facts: JsonRecord): Promise<void> {
    this.#writing += 1;
    this.#cancel();
    try {
      this.#opened ??= this.#closing.then(() => openOrLeave(this.#folder));
      await (await this.#opened).append(kind, facts);
    } finally {
      this.#writing -= 1;
      if (this.#writing === 0) {
        this.#cancel = realTimers.after(restMs, () => void this.#close().catch(() => undefined));
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancel();
    await this.#close();
  }

  #close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    // One that could not be opened has nothing to be given back.
    const closed = opened?.then(
      (each) => each[Symbol.asyncDispose](),
      () => undefined,
    );
    this.#closing = closed ?? this.#closing;
    return this.#closing;
  }
}

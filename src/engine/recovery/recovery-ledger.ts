/**
 * Writes failures and attempts down, whatever the store does. What it does not take waits, in
 * order, and goes with the next entry; more than a thousand waiting lose the oldest, which is
 * counted and told.
 */
import { messageOf } from "../../kernel/index.ts";
import type { ActionRow, FailureRow } from "./failure.ts";
import type { RecoveryStore } from "./recovery-store.ts";

const waitingMax = 1000;

export class RecoveryLedger {
  readonly #store: RecoveryStore;
  readonly #tell: (message: string) => void;
  #waiting: (() => Promise<void>)[] = [];
  #writing: Promise<void> | undefined;
  #isBroken = false;
  #lost = 0;

  constructor(store: RecoveryStore, tell: (message: string) => void) {
    this.#store = store;
    this.#tell = tell;
  }

  get lost(): number {
    return this.#lost;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when it is written, or has to wait; never rejects. */
  failure(row: FailureRow): Promise<void> {
    return this.#put(() => this.#store.putFailure(row));
  }

  action(row: ActionRow): Promise<void> {
    return this.#put(() => this.#store.putAction(row));
  }

  /** Tries once more what waits. */
  async flush(): Promise<boolean> {
    await this.#writing;
    if (this.#waiting.length > 0) await this.#write();
    return this.#waiting.length === 0;
  }

  async #put(write: () => Promise<void>): Promise<void> {
    this.#waiting.push(write);
    if (this.#waiting.length > waitingMax) {
      this.#waiting.shift();
      this.#lost += 1;
      if (this.#lost === 1) this.#tell(`${this.#store.name} is away: recoveries go unwritten`);
    }
    await this.#writing;
    if (this.#waiting.length > 0) await this.#write();
  }

  #write(): Promise<void> {
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #drain(): Promise<void> {
    try {
      for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
        await next();
        if (this.#waiting[0] === next) this.#waiting.shift();
      }
      if (this.#isBroken) this.#tell(`${this.#store.name} takes recoveries again`);
      this.#isBroken = false;
    } catch (error) {
      if (!this.#isBroken) {
        this.#tell(`${this.#store.name} takes no recoveries: ${messageOf(error)}`);
      }
      this.#isBroken = true;
    }
  }
}

/**
 * Writes failures and attempts down, whatever the store does. What it does not take waits, in
 * order, and goes with the next entry; more than a thousand waiting lose the oldest, which is
 * counted and told. A store that hangs holds no more than these.
 *
 * What a store will never take must not keep back the rest: when the first one has failed again and
 * again, the newest failure is written before its turn (it needs no other row). If the store takes
 * that, it is there, and the first one is given up.
 */
import { deferred, messageOf } from "../../kernel/index.ts";
import { harmless } from "../../resilience/index.ts";
import type { ActionRow, FailureRow } from "./failure.ts";
import type { RecoveryStore } from "./recovery-store.ts";

const waitingMax = 1000;
/** From here on it is doubted at each doubling: one that is away is not asked twice each time. */
const triesBeforeDoubt = 4;

interface Entry {
  readonly kind: "failure" | "action";
  readonly write: () => Promise<void>;
  /** It is written, or has to wait, or is lost. */
  readonly end: () => void;
  /** That have failed. */
  tries: number;
}

export class RecoveryLedger {
  readonly #store: RecoveryStore;
  readonly #tell: (message: string) => void;
  #waiting: Entry[] = [];
  #draining: Promise<void> = Promise.resolve();
  #isDraining = false;
  #isBroken = false;
  #lost = 0;
  #isOverflowTold = false;
  #isEnded = false;

  constructor(store: RecoveryStore, tell: (message: string) => void) {
    this.#store = store;
    this.#tell = (message) => harmless(() => tell(message));
  }

  get lost(): number {
    return this.#lost;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when it is written, or has to wait; never rejects. */
  failure(row: FailureRow): Promise<void> {
    return this.#put("failure", () => this.#store.putFailure(row));
  }

  action(row: ActionRow): Promise<void> {
    return this.#put("action", () => this.#store.putAction(row));
  }

  /** Tries once more what waits. Ends when the store does: it is for the caller to set a limit. */
  async flush(): Promise<boolean> {
    await this.#draining;
    if (this.#waiting.length > 0) await this.#drain({ isLast: true });
    return this.#waiting.length === 0;
  }

  /** The store is closed next: what came later would open it again, with nobody to close it. */
  end(): void {
    this.#isEnded = true;
    for (const { end } of this.#waiting.splice(0)) end();
  }

  #put(kind: Entry["kind"], write: () => Promise<void>): Promise<void> {
    if (this.#isEnded) return Promise.resolve();
    const { promise, resolve } = deferred<void>();
    this.#waiting.push({ kind, write, end: resolve, tries: 0 });
    if (this.#waiting.length > waitingMax) {
      this.#waiting.shift()?.end();
      this.#lost += 1;
      if (!this.#isOverflowTold) {
        this.#tell(`${this.#store.name} is away: recoveries go unwritten`);
      }
      this.#isOverflowTold = true;
    }
    void this.#drain({ isLast: false });
    return promise;
  }

  #drain(when: { readonly isLast: boolean }): Promise<void> {
    if (!this.#isDraining) this.#draining = this.#writeAll(when);
    return this.#draining;
  }

  async #writeAll({ isLast }: { readonly isLast: boolean }): Promise<void> {
    this.#isDraining = true;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      try {
        await next.write();
      } catch (error) {
        next.tries += 1;
        this.#breaks(error);
        const isDoubted = isLast || isDoubling(next.tries);
        if (!isDoubted || !(await this.#takesAnother(next))) break;
        this.#giveUp(next, error);
        continue;
      }
      if (this.#waiting[0] === next) this.#waiting.shift();
      next.end();
    }
    if (this.#waiting.length === 0) {
      if (this.#isBroken) this.#tell(`${this.#store.name} takes recoveries again`);
      this.#isBroken = false;
    }
    for (const { end } of this.#waiting) end();
    this.#isDraining = false;
  }

  #breaks(error: unknown): void {
    if (!this.#isBroken) {
      this.#tell(`${this.#store.name} takes no recoveries: ${messageOf(error)}`);
    }
    this.#isBroken = true;
  }

  /** It is written once more in its turn: the same row again changes nothing. */
  async #takesAnother(first: Entry): Promise<boolean> {
    const newest = this.#waiting.findLast((each) => each.kind === "failure" && each !== first);
    try {
      await newest?.write();
      return newest !== undefined;
    } catch {
      return false;
    }
  }

  #giveUp(entry: Entry, error: unknown): void {
    if (this.#isEnded) return;
    if (this.#waiting[0] === entry) this.#waiting.shift();
    this.#lost += 1;
    const what = `${this.#store.name} never takes one of the recoveries, which is left out`;
    this.#tell(`${what}: ${messageOf(error)}`);
  }
}

function isDoubling(tries: number): boolean {
  return tries >= triesBeforeDoubt && Number.isInteger(Math.log2(tries));
}

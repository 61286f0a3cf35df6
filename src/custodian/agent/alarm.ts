/** One moment in the future, of which only the last one said counts. */
import { realTimers } from "../../system/index.ts";

export class Alarm implements Disposable {
  #cancel: () => void = () => {};

  set(delayMs: number, ring: () => void): void {
    this.#cancel();
    this.#cancel = realTimers.after(delayMs, ring);
  }

  [Symbol.dispose](): void {
    this.#cancel();
  }
}

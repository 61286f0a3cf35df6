/**
 * Ctrl-C during long work: what is open is put right (undone, unlocked), what was seen is printed.
 * Below npm a single one arrives twice; a later one means it, and leaves the rest as it is: to the
 * armed undo of a drill, to the next run of a vault, which clears the locks of the dead.
 */
import { constants } from "node:os";
import { realClock } from "../system/index.ts";

const echoMs = 500;

export class ToldToStop implements Disposable {
  readonly #stop = new AbortController();
  readonly #since = { ms: Number.POSITIVE_INFINITY };
  #exitCode = 0;
  readonly #hear = (name: NodeJS.Signals): void => {
    const nowMs = realClock.now().monotonicMs;
    if (nowMs - this.#since.ms > echoMs) process.exit(this.#exitCode);
    this.#since.ms = Math.min(this.#since.ms, nowMs);
    this.#exitCode ||= 128 + constants.signals[name];
    this.#stop.abort();
  };

  constructor() {
    process.on("SIGINT", this.#hear).on("SIGTERM", this.#hear);
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** As a shell tells it: 130 after Ctrl-C. */
  get exitCode(): number {
    return this.#exitCode;
  }

  /** True when an error is only our own wish to stop. */
  isCauseOf(error: unknown): boolean {
    return this.signal.aborted && error instanceof Error && error.name === "AbortError";
  }

  [Symbol.dispose](): void {
    process.off("SIGINT", this.#hear).off("SIGTERM", this.#hear);
  }
}

/**
 * Counts what folders hold, one after another, beside what somebody looks at: those that are shown
 * now come first, and those that are shown no more are not begun.
 */
import type { HeldSnapshot, RawPath } from "../../../vault/index.ts";
import type { Stage } from "./view.ts";

export interface Measured {
  readonly snapshot: HeldSnapshot;
  readonly path: RawPath;
  readonly tree: string;
}

export class Measurer {
  readonly #stage: Stage;
  readonly #over = new AbortController();
  #wanted: readonly Measured[] = [];
  #isRunning = false;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  want(folders: readonly Measured[]): void {
    const { window } = this.#stage;
    this.#wanted = folders.filter(
      ({ path, snapshot, tree }) => window.knownSum(snapshot, path, tree) === undefined,
    );
    if (this.#isRunning || this.#wanted.length === 0 || this.#over.signal.aborted) return;
    this.#isRunning = true;
    this.#stage.run(async () => {
      try {
        await this.#measure();
      } finally {
        this.#isRunning = false;
      }
    });
  }

  close(): void {
    this.#over.abort();
  }

  async #measure(): Promise<void> {
    const { redraw, window } = this.#stage;
    const { signal } = this.#over;
    for (let next = this.#wanted[0]; next !== undefined; next = this.#wanted[0]) {
      await window.sum(next.snapshot, next, signal);
      this.#wanted = this.#wanted.filter((each) => each !== next);
      redraw();
    }
  }
}

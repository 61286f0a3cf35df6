/**
 * The threads that read, cut and seal for a backup.
 *
 * T1. A worker has at most `jobsAtOnce` jobs, so that it works on one while the other waits for us.
 * T2. A worker that dies takes its jobs along, and they reject; the next read starts another one.
 * T3. Workers start when they are needed, and none keeps the process alive when it rests.
 * T4. Who has nothing to do seals for the others: a large file is cut by one thread, as each cut
 *     depends on the one before, and would leave the others idle.
 * T5. Who gives up is answered at once, although a thread may hang in a read of a disk that does
 *     not answer: nothing waits for that thread, and the next read starts another one.
 */
import type { ContentSink, ContentThreads, FileToRead, ReadFile } from "../../vault/index.ts";
import type { WorkerSetup } from "./messages.ts";
import { WorkerHandle } from "./worker-handle.ts";

const jobsAtOnce = 2;
/** Another thread starts for a file that is longer than so many steps: starting costs as much. */
const stepsBeforeHelp = 16;

export interface ContentThreadsOptions extends WorkerSetup {
  readonly threads: number;
}

export class WorkerThreads implements ContentThreads, AsyncDisposable {
  readonly width: number;
  readonly #options: ContentThreadsOptions;
  readonly #workers: (WorkerHandle | undefined)[];
  readonly #waiting: (() => void)[] = [];

  constructor(options: ContentThreadsOptions) {
    this.#options = options;
    this.width = options.threads * jobsAtOnce;
    this.#workers = Array.from({ length: options.threads });
  }

  async read(
    files: readonly FileToRead[],
    sink: ContentSink,
    signal: AbortSignal,
  ): Promise<readonly ReadFile[]> {
    signal.throwIfAborted();
    const worker = await this.#free();
    const giveUp = (): void => worker.abandon(signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      signal.throwIfAborted();
      return await worker.run(files, sink);
    } finally {
      signal.removeEventListener("abort", giveUp);
      this.#waiting.shift()?.();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map(async (worker) => worker?.end()));
  }

  /** The one that has least to do. */
  async #free(): Promise<WorkerHandle> {
    for (;;) {
      const loads = this.#workers.map((worker) => (worker?.isAlive ? worker.load : 0));
      const least = Math.min(...loads);
      if (least < jobsAtOnce) return this.#at(loads.indexOf(least));
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    }
  }

  /** T4. It is never who asks: that one has a job. */
  #idle(stepCount: number): WorkerHandle | undefined {
    const started = this.#workers.find((worker) => worker?.isAlive && worker.load === 0);
    if (started !== undefined || stepCount < stepsBeforeHelp) return started;
    const place = this.#workers.findIndex((worker) => !worker?.isAlive);
    return place < 0 ? undefined : this.#at(place);
  }

  #at(number: number): WorkerHandle {
    const { keys, polynomial } = this.#options;
    const present = this.#workers[number];
    if (present?.isAlive) return present;
    return (this.#workers[number] = new WorkerHandle({ keys, polynomial }, (stepCount) =>
      this.#idle(stepCount),
    ));
  }
}

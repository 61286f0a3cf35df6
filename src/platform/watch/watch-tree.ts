/**
 * Watches folders in a thread of its own, and keeps that thread alive.
 *
 * V1. Resolves when everything is watched, and each root was told with a `reconcile` or as `gone`;
 *     or when the first thread died, so that there is something to be disposed of.
 * V2. A thread that ends is told (`died`), and another one takes its place after a rest that
 *     doubles from `restMinMs` to `restMaxMs`; it begins with `reconcile`.
 * V3. Nothing is told once it is being disposed of.
 */
import { Worker } from "node:worker_threads";
import { messageOf } from "../../kernel/index.ts";
import { entryFile, workerEnvironment } from "../../system/index.ts";
import type { TreeWatch, WatchEvent, WatchFigures } from "./watch-event.ts";
import type { WatchMessage } from "./watch-message.ts";
import {
  type WatchedTree,
  type WatchLimits,
  type WatchSetup,
  watchLimits,
} from "./watch-options.ts";

export interface WatchOptions extends WatchedTree {
  /** Called in the order of what happened; must not throw. */
  hear(event: WatchEvent): void;
  readonly limits?: Partial<WatchLimits>;
}

const restMinMs = 1000;
const restMaxMs = 60_000;
const questionsMax = 100;

export async function watchTree(options: WatchOptions): Promise<TreeWatch> {
  const watch = new KeptWatch(options);
  await watch.ready;
  return watch;
}

class KeptWatch implements TreeWatch {
  readonly #options: WatchOptions;
  readonly #first = Promise.withResolvers<void>();
  readonly #questions = new Map<number, (figures: WatchFigures | undefined) => void>();
  #worker: Worker | undefined;
  #restTimer: NodeJS.Timeout | undefined;
  #restMs = restMinMs;
  #asked = 0;
  #isClosed = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#begin();
  }

  get ready(): Promise<void> {
    return this.#first.promise;
  }

  figures(): Promise<WatchFigures | undefined> {
    const worker = this.#worker;
    if (worker === undefined || this.#questions.size >= questionsMax) {
      return Promise.resolve(undefined);
    }
    this.#asked += 1;
    worker.postMessage(this.#asked, []);
    return new Promise((resolve) => this.#questions.set(this.#asked, resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#restTimer);
    await this.#worker?.terminate();
  }

  #begin(): void {
    const { roots, exclude, without, limits } = this.#options;
    const all: WatchLimits = { ...watchLimits, ...limits };
    const worker = new Worker(entryFile("platform/watch/watch-worker", import.meta.url), {
      env: workerEnvironment(),
      workerData: { roots, exclude, without, limits: all } satisfies WatchSetup,
      name: "watch",
      resourceLimits: { maxOldGenerationSizeMb: all.heapMaxMb, maxYoungGenerationSizeMb: 4 },
    });
    this.#worker = worker;
    let reason = "it ended by itself";
    worker.on("message", (message: WatchMessage) => this.#hear(message));
    worker.on("error", (error) => {
      reason = messageOf(error);
    });
    worker.on("exit", () => this.#ended(reason));
  }

  #hear(message: WatchMessage): void {
    if (message.kind === "event") {
      if (!this.#isClosed) this.#options.hear(message.event);
    } else if (message.kind === "ready") {
      this.#restMs = restMinMs;
      this.#first.resolve();
    } else {
      this.#questions.get(message.id)?.(message.figures);
      this.#questions.delete(message.id);
    }
  }

  #ended(reason: string): void {
    this.#worker = undefined;
    for (const resolve of this.#questions.values()) resolve(undefined);
    this.#questions.clear();
    if (this.#isClosed) return;
    const restMs = this.#restMs;
    this.#restMs = Math.min(restMaxMs, restMs * 2);
    this.#first.resolve();
    this.#options.hear({ kind: "died", reason, restMs });
    this.#restTimer = setTimeout(() => this.#begin(), restMs);
  }
}

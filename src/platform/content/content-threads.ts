/**
 * The threads that read, cut and seal for a backup.
 *
 * T1. A worker has at most `jobsAtOnce` jobs, so that it works on one while the other waits for us.
 * T2. A worker that dies takes its jobs along, and they reject; the next read starts another one.
 * T3. Workers start when they are needed, and none keeps the process alive when it rests.
 */
import { Worker } from "node:worker_threads";
import { assert } from "../../kernel/index.ts";
import { entryFile, workerEnvironment } from "../../system/index.ts";
import type { ContentSink, ContentThreads, FileToRead, ReadFile } from "../../vault/index.ts";
import type { FromWorker, ToWorker, WorkerSetup } from "./messages.ts";

const jobsAtOnce = 2;
const idBytes = 32;

export interface ContentThreadsOptions extends WorkerSetup {
  readonly threads: number;
}

interface Job {
  readonly sink: ContentSink;
  readonly resolve: (files: readonly ReadFile[]) => void;
  readonly reject: (error: unknown) => void;
  ids: Uint8Array;
}

export class WorkerThreads implements ContentThreads, AsyncDisposable {
  readonly width: number;
  readonly #options: ContentThreadsOptions;
  readonly #workers: (ContentWorker | undefined)[];
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
    try {
      return await worker.run(files, sink);
    } finally {
      this.#waiting.shift()?.();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map(async (worker) => worker?.end()));
  }

  /** The one that has least to do. */
  async #free(): Promise<ContentWorker> {
    for (;;) {
      const loads = this.#workers.map((worker) => (worker?.isAlive ? worker.load : 0));
      const least = Math.min(...loads);
      if (least < jobsAtOnce) return this.#at(loads.indexOf(least));
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    }
  }

  #at(number: number): ContentWorker {
    const { keys, polynomial } = this.#options;
    const present = this.#workers[number];
    if (present?.isAlive) return present;
    return (this.#workers[number] = new ContentWorker({ keys, polynomial }));
  }
}

class ContentWorker {
  readonly #worker: Worker;
  readonly #jobs = new Map<number, Job>();
  #nextJob = 1;
  isAlive = true;

  constructor(setup: WorkerSetup) {
    this.#worker = new Worker(entryFile("../../platform/content/content-worker", import.meta.url), {
      env: workerEnvironment(),
      workerData: setup,
      resourceLimits: { maxYoungGenerationSizeMb: 2 },
    });
    this.#worker.on("message", (message: FromWorker) => void this.#hear(message));
    this.#worker.on("error", (error) => this.#die(error));
    this.#worker.on("exit", () => this.#die(new Error("a content worker ended")));
    this.#worker.unref();
  }

  get load(): number {
    return this.#jobs.size;
  }

  run(files: readonly FileToRead[], sink: ContentSink): Promise<readonly ReadFile[]> {
    const number = this.#nextJob++;
    if (this.#jobs.size === 0) this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#jobs.set(number, { sink, resolve, reject, ids: new Uint8Array() });
      this.#say({ kind: "begin", job: number, files });
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  async #hear(message: FromWorker): Promise<void> {
    const job = this.#jobs.get(message.job);
    if (job === undefined) return;
    try {
      if (message.kind === "named") this.#choose(message, job);
      else if (message.kind === "sealed") await this.#take(message, job);
      else this.#close(message.job)?.resolve(message.files);
    } catch (error) {
      this.#close(message.job)?.reject(error);
    }
  }

  #choose({ ids, job: number }: Extract<FromWorker, { kind: "named" }>, job: Job): void {
    job.ids = ids;
    const wanted = Uint8Array.from({ length: ids.length / idBytes }, (_, at) =>
      job.sink.wants(idAt(ids, at)) ? 1 : 0,
    );
    const isNone = wanted.every((each) => each === 0);
    this.#say(isNone ? { kind: "go-on", job: number } : { kind: "seal", job: number, wanted });
  }

  async #take(message: Extract<FromWorker, { kind: "sealed" }>, job: Job): Promise<void> {
    const { bytes, job: number, table } = message;
    let end = 0;
    for (let row = 0; row < table.length; row += 3) {
      const [at, length, plainLength] = [table[row], table[row + 1], table[row + 2]];
      assert(at !== undefined && length !== undefined && plainLength !== undefined, "whole rows");
      const blob = bytes.subarray(end, end + length);
      end += length;
      await job.sink.take({ id: idAt(job.ids, at), kind: "data", plainLength, bytes: blob });
    }
    const { buffer } = bytes;
    this.#say({ kind: "go-on", job: number, spare: buffer }, [buffer]);
  }

  #close(number: number): Job | undefined {
    const job = this.#jobs.get(number);
    this.#jobs.delete(number);
    if (this.#jobs.size === 0) this.#worker.unref();
    return job;
  }

  #die(error: unknown): void {
    this.isAlive = false;
    for (const number of Array.from(this.#jobs.keys())) this.#close(number)?.reject(error);
  }

  #say(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }
}

function idAt(ids: Uint8Array, at: number): Uint8Array {
  return ids.subarray(at * idBytes, (at + 1) * idBytes);
}

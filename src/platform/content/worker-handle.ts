/**
 * What the main thread holds of one content worker: the jobs that it has, and what it seals for
 * others; see `messages.ts`.
 */
import { Worker } from "node:worker_threads";
import { assert } from "../../kernel/index.ts";
import { entryFile, workerEnvironment } from "../../system/index.ts";
import type { ContentSink, FileToRead, ReadFile } from "../../vault/index.ts";
import type { FromWorker, ToWorker, WorkerSetup } from "./messages.ts";

const idBytes = 32;

type Said<K extends FromWorker["kind"]> = Extract<FromWorker, { kind: K }>;
type Sealed = Said<"sealed">;

interface Job {
  readonly sink: ContentSink;
  readonly resolve: (files: readonly ReadFile[]) => void;
  readonly reject: (error: unknown) => void;
  ids: Uint8Array;
  stepCount: number;
  /** Steps of it that others seal just now. */
  lentCount: number;
  /** Known when all is read. */
  files: readonly ReadFile[] | undefined;
}

interface Borrowed {
  readonly resolve: (sealed: Sealed) => void;
  readonly reject: (error: unknown) => void;
}

type Task = Pick<Job, "reject">;

export class WorkerHandle {
  readonly #worker: Worker;
  readonly #jobs = new Map<number, Job>();
  readonly #borrowed = new Map<number, Borrowed>();
  readonly #idle: (stepCount: number) => WorkerHandle | undefined;
  #nextNumber = 1;
  isAlive = true;

  /** @param idle another worker, if one has nothing to do; gets the steps that a job has had */
  constructor(setup: WorkerSetup, idle: (stepCount: number) => WorkerHandle | undefined) {
    this.#idle = idle;
    this.#worker = new Worker(entryFile("platform/content/content-worker", import.meta.url), {
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
    return this.#jobs.size + this.#borrowed.size;
  }

  run(files: readonly FileToRead[], sink: ContentSink): Promise<readonly ReadFile[]> {
    return new Promise((resolve, reject) => {
      const fresh = { ids: new Uint8Array(), stepCount: 0, lentCount: 0, files: undefined };
      const number = this.#begin(this.#jobs, { sink, resolve, reject, ...fresh });
      this.#say({ kind: "begin", job: number, files });
    });
  }

  /** What it has to do rejects at once; a thread that hangs in a read is not waited for. */
  abandon(reason: unknown): void {
    this.#die(reason);
    void this.#worker.terminate();
  }

  async end(): Promise<void> {
    if (this.isAlive) await this.#worker.terminate();
  }

  /** What another has read. */
  #seal({ bytes, table }: Said<"lent">): Promise<Sealed> {
    return new Promise((resolve, reject) => {
      const number = this.#begin(this.#borrowed, { resolve, reject });
      this.#say({ kind: "seal-lent", job: number, bytes, table }, [bytes.buffer, table.buffer]);
    });
  }

  /** From here on the worker keeps the process alive. */
  #begin<T>(tasks: Map<number, T>, task: T): number {
    if (this.load === 0) this.#worker.ref();
    const number = this.#nextNumber++;
    tasks.set(number, task);
    return number;
  }

  #close<T>(tasks: Map<number, T>, number: number): T | undefined {
    const task = tasks.get(number);
    tasks.delete(number);
    if (this.load === 0) this.#worker.unref();
    return task;
  }

  async #hear(message: FromWorker): Promise<void> {
    if (message.kind === "sealed" && this.#borrowed.has(message.job)) {
      this.#close(this.#borrowed, message.job)?.resolve(message);
      return;
    }
    const job = this.#jobs.get(message.job);
    if (job === undefined) return;
    try {
      if (message.kind === "named") this.#choose(message, job);
      else if (message.kind === "lent") await this.#lend(message, job);
      else if (message.kind === "sealed") await this.#take(message, job);
      else this.#finish(message.job, Object.assign(job, { files: message.files }));
    } catch (error) {
      this.#close(this.#jobs, message.job)?.reject(error);
    }
  }

  #choose({ ids, job: number }: Said<"named">, job: Job): void {
    job.ids = ids;
    job.stepCount += 1;
    const wanted = Uint8Array.from({ length: ids.length / idBytes }, (_, at) =>
      job.sink.wants(idAt(ids, at)) ? 1 : 0,
    );
    const isNone = wanted.every((each) => each === 0);
    if (isNone) return this.#say({ kind: "go-on", job: number });
    const isHelped = this.#idle(job.stepCount) !== undefined;
    this.#say({ kind: isHelped ? "lend" : "seal", job: number, wanted });
  }

  async #take(sealed: Sealed, job: Job): Promise<void> {
    await takeAll(sealed, job.ids, job.sink);
    this.#giveBack(sealed.bytes.buffer, "sealed");
    this.#say({ kind: "go-on", job: sealed.job });
  }

  /** The worker reads on meanwhile. Who was idle may have got something to do since. */
  async #lend(lent: Said<"lent">, job: Job): Promise<void> {
    const { ids } = job;
    job.lentCount += 1;
    const helper = this.#idle(job.stepCount) ?? this;
    const sealed = await helper.#seal(lent);
    await takeAll(sealed, ids, job.sink);
    helper.#giveBack(sealed.bytes.buffer, "sealed");
    if (sealed.lent !== undefined) this.#giveBack(sealed.lent, "read");
    job.lentCount -= 1;
    this.#finish(lent.job, job);
  }

  #finish(number: number, { files, lentCount }: Job): void {
    if (files !== undefined && lentCount === 0) this.#close(this.#jobs, number)?.resolve(files);
  }

  #giveBack(buffer: ArrayBuffer, was: "read" | "sealed"): void {
    this.#say({ kind: "spare", buffer, was }, [buffer]);
  }

  #die(error: unknown): void {
    this.isAlive = false;
    for (const tasks of [this.#jobs, this.#borrowed]) {
      for (const number of Array.from(tasks.keys()))
        this.#close<Task>(tasks, number)?.reject(error);
    }
  }

  #say(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }
}

async function takeAll(
  { bytes, table }: Sealed,
  ids: Uint8Array,
  sink: ContentSink,
): Promise<void> {
  let end = 0;
  for (let row = 0; row < table.length; row += 3) {
    const [at, length, plainLength] = [table[row], table[row + 1], table[row + 2]];
    assert(at !== undefined && length !== undefined && plainLength !== undefined, "whole rows");
    const blob = bytes.subarray(end, end + length);
    end += length;
    await sink.take({ id: idAt(ids, at), kind: "data", plainLength, bytes: blob });
  }
}

function idAt(ids: Uint8Array, at: number): Uint8Array {
  return ids.subarray(at * idBytes, (at + 1) * idBytes);
}

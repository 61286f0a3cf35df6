/**
 * One thread that writes, as its questions and answers. It is started by the first question: a
 * restore of a few files has no work for as many threads as it may have.
 *
 * T1. When it dies, whoever waits for an answer hears it, and so does whoever asks later: what it
 *     had begun is lost, and a restore that goes on without it would miss files silently.
 */
import { Worker } from "node:worker_threads";
import { assert } from "../../kernel/index.ts";
import { entryFile, workerEnvironment } from "../../system/index.ts";
import type { CheckedFile, FileToCheck, WriteJob } from "../../vault/index.ts";
import type { FromWriter, ToWriter, WriterSetup, Written } from "./messages.ts";
import { packJob } from "./packed-job.ts";

type Answer = Exclude<FromWriter, { readonly kind: "warning" }>;

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export class WritingThread implements AsyncDisposable {
  readonly #setup: WriterSetup;
  readonly #warn: (message: string) => void;
  #started: Worker | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #death: Error | undefined;

  constructor(setup: WriterSetup, warn: (message: string) => void) {
    this.#setup = setup;
    this.#warn = warn;
  }

  async write(job: WriteJob): Promise<Written> {
    const question = this.#next++;
    const packed = packJob(job);
    const answer = await this.#ask(
      { kind: "write", question, job: packed },
      transferable(job.bytes),
    );
    assert(answer.kind === "written", "an answer to its question");
    return answer.report;
  }

  async readBack(files: readonly FileToCheck[]): Promise<readonly CheckedFile[]> {
    const question = this.#next++;
    const answer = await this.#ask({ kind: "read-back", question, files }, []);
    assert(answer.kind === "checked", "an answer to its question");
    return answer.files;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#started?.terminate();
  }

  get #worker(): Worker {
    return (this.#started ??= this.#start());
  }

  #start(): Worker {
    const worker = new Worker(entryFile("platform/restore/restore-worker", import.meta.url), {
      env: workerEnvironment(),
      workerData: this.#setup,
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    worker.on("message", (message: FromWriter) => {
      if (message.kind === "warning") this.#warn(message.message);
      else this.#take(message.question)?.resolve(message);
    });
    worker.on("error", (error) => this.#die(error));
    worker.on("exit", () => this.#die(new Error("a writing thread ended")));
    return worker;
  }

  #ask(message: ToWriter, transfer: ArrayBuffer[]): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#death !== undefined) return reject(this.#death);
      this.#waiting.set(message.question, { resolve, reject });
      this.#worker.postMessage(message, transfer);
    });
  }

  #take(question: number): Waiting | undefined {
    const waiting = this.#waiting.get(question);
    this.#waiting.delete(question);
    return waiting;
  }

  #die(error: unknown): void {
    const death = error instanceof Error ? error : new Error(String(error));
    this.#death ??= death;
    for (const question of Array.from(this.#waiting.keys())) this.#take(question)?.reject(death);
  }
}

/** Bytes that have a memory of their own go over without a copy. */
function transferable({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  const isAlone =
    buffer instanceof ArrayBuffer && byteLength > 0 && buffer.byteLength === byteLength;
  return isAlone ? [buffer] : [];
}

/** A thread that reads, cuts, names and seals; see `messages.ts` for what it hears and says. */
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../../kernel/index.ts";
import { randomPool } from "../../system/index.ts";
import { Codec, createSealer, type ReadFile } from "../../vault/index.ts";
import { createKernels } from "../kernels/index.ts";
import { Arena } from "./arena.ts";
import type { FromWorker, ToWorker, WorkerSetup } from "./messages.ts";
import { type Chunk, readJob } from "./read-job.ts";

interface Job {
  readonly steps: Generator<readonly Chunk[], ReadFile[]>;
  readonly arena: Arena;
  chunks: readonly Chunk[];
}

assert(parentPort !== null, "a content worker runs in a worker thread");
const port = parentPort;
const { keys, polynomial } = workerData as WorkerSetup;
const kernels = createKernels();
const codec = new Codec(createSealer(keys, kernels), randomPool());
const jobs = new Map<number, Job>();
/** Of jobs that are over. */
const spareArenas: Arena[] = [];

port.on("message", (message: ToWorker) => {
  if (message.kind === "begin") begin(message);
  else if (message.kind === "seal") seal(message);
  else goOn(message.job);
});

function begin({ files, job }: Extract<ToWorker, { kind: "begin" }>): void {
  const arena = spareArenas.pop() ?? new Arena();
  const cutter = kernels.createCutter({ polynomial });
  jobs.set(job, { steps: readJob({ files, arena, cutter }), arena, chunks: [] });
  goOn(job);
}

function goOn(number: number): void {
  const job = jobOf(number);
  const step = job.steps.next();
  if (step.done === true) {
    jobs.delete(number);
    job.arena.restart();
    spareArenas.push(job.arena);
    say({ kind: "done", job: number, files: step.value });
    return;
  }
  job.chunks = step.value;
  const ids = new Uint8Array(job.chunks.length * 32);
  for (const [at, { id }] of job.chunks.entries()) ids.set(id, at * 32);
  say({ kind: "named", job: number, ids }, [ids.buffer]);
}

function seal({ job: number, wanted }: Extract<ToWorker, { kind: "seal" }>): void {
  const { chunks } = jobOf(number);
  const sealed = chunks.flatMap(({ bytes, id }, at) =>
    wanted[at] === 1 ? [{ at, blob: codec.sealBlob("data", bytes, id) }] : [],
  );
  const total = sealed.reduce((sum, { blob }) => sum + blob.bytes.length, 0);
  const bytes = new Uint8Array(total);
  let end = 0;
  for (const { blob } of sealed) {
    bytes.set(blob.bytes, end);
    end += blob.bytes.length;
  }
  const table = Uint32Array.from(
    sealed.flatMap(({ at, blob }) => [at, blob.bytes.length, blob.plainLength]),
  );
  say({ kind: "sealed", job: number, bytes, table }, [bytes.buffer, table.buffer]);
}

function jobOf(number: number): Job {
  const job = jobs.get(number);
  assert(job !== undefined, "a message about a job that has begun");
  return job;
}

function say(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

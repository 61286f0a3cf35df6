/** A thread that reads, cuts, names and seals; see `messages.ts` for what it hears and says. */
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../../kernel/index.ts";
import { randomPool } from "../../system/index.ts";
import { Codec, createSealer, type ReadFile, sealBytes } from "../../vault/index.ts";
import { createKernels } from "../kernels/index.ts";
import { Arena, stepBytes } from "./arena.ts";
import type { FromWorker, ToWorker, WorkerSetup } from "./messages.ts";
import { type Chunk, readJob } from "./read-job.ts";

/** Enough for a step, unless a large chunk ends it. */
const usualBufferBytes = stepBytes + (1 << 20);

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
/** Where blobs were sealed to; they come back when those have been taken. */
const spareBuffers: ArrayBuffer[] = [];

port.on("message", (message: ToWorker) => {
  if (message.kind === "begin") begin(message);
  else if (message.kind === "seal") seal(message);
  else {
    if (message.spare !== undefined) spareBuffers.push(message.spare);
    goOn(message.job);
  }
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
  const ids = Buffer.from(new ArrayBuffer(job.chunks.length * 32));
  for (const [at, { id }] of job.chunks.entries()) ids.write(id, at * 32, "hex");
  say({ kind: "named", job: number, ids }, [ids.buffer]);
}

function seal({ job: number, wanted }: Extract<ToWorker, { kind: "seal" }>): void {
  const chosen = [...jobOf(number).chunks.entries()].filter(([at]) => wanted[at] === 1);
  const room = chosen.reduce((sum, [, chunk]) => sum + chunk.bytes.length + sealBytes, 0);
  const target = new Uint8Array(bufferOf(room));
  const table = new Uint32Array(chosen.length * 3);
  let offset = 0;
  for (const [row, [at, { bytes }]] of chosen.entries()) {
    const { end, plainLength } = codec.sealBlobInto({ bytes: target, offset }, bytes);
    table.set([at, end - offset, plainLength], row * 3);
    offset = end;
  }
  const bytes = target.subarray(0, offset);
  say({ kind: "sealed", job: number, bytes, table }, [target.buffer, table.buffer]);
}

/** A spare one, if that is large enough; one that is not is let go of. */
function bufferOf(leastBytes: number): ArrayBuffer {
  const spare = spareBuffers.pop();
  if (spare !== undefined && spare.byteLength >= leastBytes) return spare;
  // Memory that nobody has written to is none yet, so it costs nothing to ask for what will do.
  return new ArrayBuffer(Math.max(leastBytes, usualBufferBytes));
}

function jobOf(number: number): Job {
  const job = jobs.get(number);
  assert(job !== undefined, "a message about a job that has begun");
  return job;
}

function say(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

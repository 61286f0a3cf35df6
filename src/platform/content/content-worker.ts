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
/** Of arenas, lent and come back. */
const spareMemory: ArrayBuffer[] = [];

port.on("message", (message: ToWorker) => {
  if (message.kind === "begin") begin(message);
  else if (message.kind === "seal") seal(message.job, chosen(message));
  else if (message.kind === "lend") lend(message);
  else if (message.kind === "seal-lent") sealLent(message);
  else if (message.kind === "go-on") goOn(message.job);
  else (message.was === "read" ? spareMemory : spareBuffers).push(message.buffer);
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

interface Chosen {
  /** Its number among the ids. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

function chosen({ job, wanted }: { readonly job: number; readonly wanted: Uint8Array }): Chosen[] {
  const all = jobOf(job).chunks.map(({ bytes }, at) => ({ at, bytes }));
  return all.filter(({ at }) => wanted[at] === 1);
}

function lend(message: Extract<ToWorker, { kind: "lend" }>): void {
  const { job } = message;
  const table = Uint32Array.from(
    chosen(message).flatMap(({ at, bytes }) => [at, bytes.byteOffset, bytes.length]),
  );
  const bytes = jobOf(job).arena.lend(spareMemory.pop());
  say({ kind: "lent", job, bytes, table }, [bytes.buffer, table.buffer]);
  goOn(job);
}

function sealLent({ bytes, job, table }: Extract<ToWorker, { kind: "seal-lent" }>): void {
  const chunks: Chosen[] = [];
  for (let row = 0; row < table.length; row += 3) {
    const [at = 0, from = 0, length = 0] = table.subarray(row, row + 3);
    chunks.push({ at, bytes: bytes.subarray(from, from + length) });
  }
  seal(job, chunks, bytes.buffer);
}

function seal(job: number, chunks: readonly Chosen[], lent?: ArrayBuffer): void {
  const room = chunks.reduce((sum, { bytes }) => sum + bytes.length + sealBytes, 0);
  const target = new Uint8Array(bufferOf(room));
  const table = new Uint32Array(chunks.length * 3);
  let offset = 0;
  for (const [row, { at, bytes }] of chunks.entries()) {
    const { end, plainLength } = codec.sealBlobInto({ bytes: target, offset }, bytes);
    table.set([at, end - offset, plainLength], row * 3);
    offset = end;
  }
  const sealed = { kind: "sealed", job, bytes: target.subarray(0, offset), table } as const;
  if (lent === undefined) say(sealed, [target.buffer, table.buffer]);
  else say({ ...sealed, lent }, [target.buffer, table.buffer, lent]);
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

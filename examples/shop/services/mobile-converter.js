// mobile-converter: writes exports row by row, slowly, as a phone would take them. An export of
// many rows takes long and is healthy all the while: only its progress tells.
// 1. A job is on disk before it is acknowledged; unfinished jobs go on where they were after a
// crash.
// 2. The score is read once per job and kept with it, so a resumed file equals an undisturbed one.
// 3. A worker that fails ends the process: better a restart than silence.
// Environment: PORT, DATA (folder), TRUST_ENGINE (base URL), ROW_DELAY_MS (pause per row).
import { setTimeout as sleep } from "node:timers/promises";
import { callJson } from "./lib/call-http.js";
import { openExportStore } from "./lib/export-store.js";
import { queueCheck } from "./lib/health-report.js";
import { checkId, RequestRefused, readJson, startHttpService } from "./lib/http-service.js";
import { keepTrying } from "./lib/keep-trying.js";
import { createLog } from "./lib/log.js";
import { WorkQueue } from "./lib/work-queue.js";

const QUEUE_LIMIT = 1_000;
const ROWS_LIMIT = 100_000;
const CHUNK_ROWS = 5;
const TRUST_DEADLINE_MS = 1_000;

const trustEngine = process.env.TRUST_ENGINE ?? "http://127.0.0.1:4102";
const rowDelayMs = Number(process.env.ROW_DELAY_MS ?? 5);
const log = createLog("mobile-converter");
const store = openExportStore(process.env.DATA ?? "mobile-converter-data");
const queue = new WorkQueue({ limit: QUEUE_LIMIT });
const counted = { done: 0, rows: 0 };
const untilStop = { log, isStopping: () => queue.closed };

async function workThroughQueue() {
  for (let id = await queue.take(); id !== undefined; id = await queue.take()) {
    const job = await withScore(await store.read(id));
    if (job !== undefined && (await writeRows(job))) {
      await store.finish(job);
      counted.done += 1;
      queue.done(id);
    }
  }
}

/** The job with its score, or undefined when the service is stopping. */
async function withScore(job) {
  if (job.score !== undefined) return job;
  const url = `${trustEngine}/scores/${job.subject}`;
  const answer = await keepTrying(
    () => callJson(url, { deadlineMs: TRUST_DEADLINE_MS }),
    untilStop,
  );
  if (queue.closed) return undefined;
  const scored = { ...job, score: answer?.score ?? 0 };
  await store.save(scored);
  return scored;
}

/** Writes what is missing; false when it was interrupted by a stop. */
async function writeRows(job) {
  for (let row = await store.resume(job.id); row < job.rows; ) {
    if (queue.closed) return false;
    const end = Math.min(row + CHUNK_ROWS, job.rows);
    let chunk = "";
    for (let number = row; number < end; number += 1) chunk += rowText(job, number);
    await store.append(job.id, chunk);
    counted.rows += end - row;
    await sleep(rowDelayMs * (end - row));
    row = end;
  }
  return true;
}

function rowText({ subject, score }, number) {
  return `${number};${subject};${score};${(number * 7919 + score * 31) % 10_007}\n`;
}

for (const id of await store.unfinished()) queue.add(id);
const worker = workThroughQueue(); // Not caught, so that a failure is fatal (3).

startHttpService({
  name: "mobile-converter",
  routes: {
    "POST /exports": async ({ request }) => {
      const { id, subject, rows } = await readJson(request);
      checkId(id);
      checkId(subject);
      if (!Number.isInteger(rows) || rows < 1 || rows > ROWS_LIMIT) {
        throw new RequestRefused(400, `rows must be a whole number from 1 to ${ROWS_LIMIT}`);
      }
      if (store.has(id)) return { status: 202, body: { id, state: (await store.read(id)).state } };
      if (queue.isFull) throw new RequestRefused(503, "the queue is full");
      await store.save({ id, subject, rows, state: "queued" });
      queue.add(id);
      return { status: 202, body: { id, state: "queued" } };
    },
    "GET /exports/:id": async ({ params }) => {
      const id = checkId(params.id);
      if (!store.has(id)) throw new RequestRefused(404, "no such export");
      const job = await store.read(id);
      return { status: job.state === "done" ? 200 : 202, body: job };
    },
    "GET /exports/:id/file": async ({ params }) => {
      const id = checkId(params.id);
      const done = store.has(id) && (await store.read(id)).state === "done";
      if (!done) throw new RequestRefused(404, "no finished export of this id");
      return { type: "text/csv", body: await store.content(id) };
    },
  },
  checks: {
    "data:write": async () => {
      await store.probe();
      return { status: "pass" };
    },
    "queue:depth": queueCheck(queue, QUEUE_LIMIT),
  },
  metrics: () => [
    { name: "exports_done_total", type: "counter", help: "Exports done.", value: counted.done },
    {
      name: "export_rows_written_total",
      type: "counter",
      help: "Rows written: grows while there is work.",
      value: counted.rows,
    },
    {
      name: "export_queue_depth",
      type: "gauge",
      help: "Exports accepted and not yet finished.",
      value: queue.unfinished,
    },
  ],
  drain: () => {
    queue.close();
    return worker;
  },
});

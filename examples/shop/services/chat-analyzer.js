// chat-analyzer: takes chat logs, analyses them one after another, tells trust-engine about it.
// 1. An upload is on disk before it is acknowledged and stays there until its result is.
// 2. Unfinished uploads are queued again at the next start; repeating a step changes nothing.
// 3. An upload that was in work when the process ended is read under guard first, and set aside in
//    DATA/poison/ if reading it throws; so one bad upload costs one restart, not all of them.
// The worker has a known bug, see lib/chat-log.js and lib/fire-and-forget.js.
// Environment: PORT, DATA (folder), AI_ROUTER and TRUST_ENGINE (base URLs).
import { createHash } from "node:crypto";
import { callJson } from "./lib/call-http.js";
import { describeSpeakers, readMessages } from "./lib/chat-log.js";
import { fireAndForget } from "./lib/fire-and-forget.js";
import { queueCheck } from "./lib/health-report.js";
import { checkId, RequestRefused, readText, startHttpService } from "./lib/http-service.js";
import { keepTrying } from "./lib/keep-trying.js";
import { createLog } from "./lib/log.js";
import { openUploadStore } from "./lib/upload-store.js";
import { WorkQueue } from "./lib/work-queue.js";

const QUEUE_LIMIT = 1_000;
const ROUTER_DEADLINE_MS = 1_500;
const TRUST_DEADLINE_MS = 1_000;
const DELTA_LIMIT = 5;

const aiRouter = process.env.AI_ROUTER ?? "http://127.0.0.1:4103";
const trustEngine = process.env.TRUST_ENGINE ?? "http://127.0.0.1:4102";
const log = createLog("chat-analyzer");
const store = openUploadStore(process.env.DATA ?? "chat-analyzer-data");
const queue = new WorkQueue({ limit: QUEUE_LIMIT });
const counted = { done: 0, steps: 0 };
const untilStop = { log, isStopping: () => queue.closed };

async function queueUnfinished() {
  for (const id of store.unfinished()) {
    if (store.wasInWork(id) && !(await isReadable(id))) {
      await store.quarantine(id);
      log.warn("upload set aside", { id });
    } else {
      queue.add(id);
    }
  }
}

async function isReadable(id) {
  try {
    readMessages(await store.text(id));
    return true;
  } catch (error) {
    log.warn("upload cannot be read", { id, reason: error.message });
    return false;
  }
}

async function workThroughQueue() {
  for (let id = await queue.take(); id !== undefined; id = await queue.take()) {
    await analyse(id);
    if (store.state(id) === "done") queue.done(id);
  }
}

async function analyse(id) {
  await store.begin(id);
  const text = await store.text(id);
  const messages = readMessages(text);
  counted.steps += 1;
  const speakers = describeSpeakers(messages);
  counted.steps += 1;
  const answer = await keepTrying(() => askForSummary(messages), untilStop);
  counted.steps += 1;
  for (const { speaker, mood } of speakers) {
    await keepTrying(() => reportMood(id, speaker, mood), untilStop);
    counted.steps += 1;
  }
  if (queue.closed) return; // Some step may be missing; the next start does them again.
  const sha256 = createHash("sha256").update(text).digest("hex");
  const summary = answer?.summary ?? null;
  await store.finish(id, { id, sha256, messages: messages.length, speakers, summary });
  counted.done += 1;
}

function askForSummary(messages) {
  const prompt = messages.map(({ words }) => words).join("\n");
  const deadlineMs = ROUTER_DEADLINE_MS;
  return callJson(`${aiRouter}/route`, { method: "POST", body: { prompt }, deadlineMs });
}

function reportMood(id, speaker, mood) {
  const delta = Math.max(-DELTA_LIMIT, Math.min(DELTA_LIMIT, mood));
  const body = { id: `${id}.${speaker}`, subject: speaker, delta };
  return callJson(`${trustEngine}/scores`, { method: "POST", body, deadlineMs: TRUST_DEADLINE_MS });
}

await queueUnfinished();
const worker = fireAndForget(workThroughQueue);

startHttpService({
  name: "chat-analyzer",
  routes: {
    "POST /uploads": async ({ request }) => {
      const id = checkId(request.headers["x-upload-id"]);
      const text = await readText(request);
      const state = store.state(id);
      if (state !== "unknown") return { status: 202, body: { id, state } };
      if (queue.isFull) throw new RequestRefused(503, "the queue is full");
      await store.accept(id, text);
      queue.add(id);
      return { status: 202, body: { id, state: "queued" } };
    },
    "GET /analyses/:id": async ({ params }) => {
      const id = checkId(params.id);
      const state = store.state(id);
      if (state === "unknown") throw new RequestRefused(404, "no such upload");
      if (state === "queued") return { status: 202, body: { id, state } };
      if (state === "quarantined") return { status: 422, body: { id, state } };
      return { body: { state, ...(await store.result(id)) } };
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
    {
      name: "analyses_done_total",
      type: "counter",
      help: "Uploads analysed.",
      value: counted.done,
    },
    {
      name: "analysis_steps_total",
      type: "counter",
      help: "Steps of analyses done: grows while there is work.",
      value: counted.steps,
    },
    {
      name: "analyses_queue_depth",
      type: "gauge",
      help: "Uploads accepted and not yet analysed.",
      value: queue.unfinished,
    },
  ],
  drain: () => {
    queue.close();
    return worker;
  },
});

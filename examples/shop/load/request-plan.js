// Decides what the users of the shop ask for next, and whether an answer is a good one. A 200 is
// not enough: the content must fit what was asked, and accepted work must be done in time, or else
// a service whose worker is dead behind a living port would pass for healthy.
// 1. Same seed, same run name and same outcomes: same requests.
// 2. Memory is bounded: only the last REMEMBERED keys of each kind are known.
import { createHash } from "node:crypto";
import { createRandom } from "./seeded-random.js";

const REMEMBERED = 200;
const SUBJECTS = 20;
/**
 * How long after its acknowledgement a piece of work may take before a poll of it counts as failed.
 */
const DUE_AFTER_MS = { analysis: 5_000, export: 60_000 };
const SPEAKERS = ["ana", "bo", "cleo", "dev", "eli"];
const WORDS =
  "answer broken coffee deploy early friend garden great happy invoice kind late market nice order package pretty question report sad thanks upload video wrong yesterday".split(
    " ",
  );

/** `next(nowMs)` gives a request, `learn(request, outcome)` takes what became of it. */
export function createRequestPlan({ seed, run }) {
  const random = createRandom(seed);
  const deltas = [];
  const pending = { analysis: [], export: [] };
  const finished = { analysis: [], export: [] };
  let serial = 0;

  const kinds = [
    { weight: 20, make: writeScore },
    { weight: 2, make: repeatScore },
    { weight: 28, make: readScore },
    { weight: 14, make: routePrompt },
    { weight: 8, make: uploadChat },
    { weight: 12, make: () => pollWork("analysis", "chat-analyzer", "/analyses/") ?? readScore() },
    { weight: 4, make: startExport },
    { weight: 12, make: () => pollWork("export", "mobile-converter", "/exports/") ?? readScore() },
  ];
  const totalWeight = kinds.reduce((sum, { weight }) => sum + weight, 0);

  function next() {
    let point = random.below(totalWeight);
    for (const { weight, make } of kinds) {
      if (point < weight) return make();
      point -= weight;
    }
    throw new Error("the weights do not add up");
  }

  const newKey = (letter) => `${run}-${letter}${serial++}`;
  const subject = () => `${run}-user${random.below(SUBJECTS)}`;

  function writeScore() {
    const write = { kind: "score", subject: subject(), delta: random.below(21) - 10 };
    return scoreRequest(newKey("s"), write);
  }

  /** A user who clicks twice: the same id once more, which must not count twice. */
  function repeatScore() {
    if (deltas.length === 0) return writeScore();
    const { key, write } = random.pick(deltas);
    return scoreRequest(key, { ...write, again: true });
  }

  function readScore() {
    const name = subject();
    const judge = (answer) => answer.subject === name && Number.isInteger(answer.score);
    return {
      service: "trust-engine",
      method: "GET",
      path: `/scores/${name}`,
      idempotent: true,
      judge,
    };
  }

  function routePrompt() {
    const prompt = sentences(3);
    const judge = (answer) => answer.summary !== "" && prompt.includes(answer.summary);
    return { ...post("ai-router", "/route", { prompt }), idempotent: false, judge };
  }

  function uploadChat() {
    const key = newKey("u");
    const lines = 3 + random.below(6);
    let text = "";
    for (let line = 0; line < lines; line += 1) {
      text += `${10 + random.below(10)}:${10 + random.below(50)} ${random.pick(SPEAKERS)}: ${sentences(1)}\n`;
    }
    const sha256 = createHash("sha256").update(text).digest("hex");
    const upload = post("chat-analyzer", "/uploads", text, { "x-upload-id": key });
    const write = { kind: "upload", sha256, messages: lines };
    return { ...upload, key, idempotent: true, write, judge: (answer) => answer.id === key };
  }

  function startExport() {
    const key = newKey("e");
    const write = { kind: "export", subject: subject(), rows: 10 + random.below(30) };
    const body = { id: key, subject: write.subject, rows: write.rows };
    const judge = (answer) => answer.id === key;
    return { ...post("mobile-converter", "/exports", body), key, idempotent: true, write, judge };
  }

  /** Asks for the oldest work that is not known to be done (half of the time) or for any other. */
  function pollWork(kind, service, folder) {
    const fromPending =
      pending[kind].length > 0 && (random.below(2) === 0 || finished[kind].length === 0);
    const work = fromPending ? pending[kind][0] : random.pick(finished[kind]);
    if (work === undefined) return undefined;
    const judge = (answer) => answer.id === work.key;
    const dueAtMs = work.acceptedAtMs + DUE_AFTER_MS[kind];
    return {
      service,
      method: "GET",
      path: folder + work.key,
      idempotent: true,
      judge,
      poll: { kind, work, dueAtMs },
    };
  }

  function sentences(count) {
    let text = "";
    for (let sentence = 0; sentence < count; sentence += 1) {
      const words = Array.from({ length: 4 + random.below(6) }, () => random.pick(WORDS));
      text += `${sentence > 0 ? " " : ""}${words.join(" ")}.`;
    }
    return text;
  }

  function learn(request, { ok, status, endedAt }) {
    if (request.poll !== undefined) learnFromPoll(request.poll, ok && status === 200);
    if (!ok || request.write === undefined) return;
    const { kind } = request.write;
    if (kind === "score") remember(deltas, request);
    if (kind === "upload") remember(pending.analysis, { key: request.key, acceptedAtMs: endedAt });
    if (kind === "export") remember(pending.export, { key: request.key, acceptedAtMs: endedAt });
  }

  function learnFromPoll({ kind, work }, isDone) {
    const place = pending[kind].indexOf(work);
    if (!isDone || place < 0) return;
    pending[kind].splice(place, 1);
    remember(finished[kind], work);
  }

  return { next, learn };
}

function scoreRequest(key, write) {
  const body = { id: key, subject: write.subject, delta: write.delta };
  const judge = (answer) => answer.id === key && Number.isInteger(answer.score);
  return { ...post("trust-engine", "/scores", body), key, idempotent: true, write, judge };
}

function post(service, path, body, headers = {}) {
  const sent = typeof body === "string" ? body : JSON.stringify(body);
  return { service, method: "POST", path, body: sent, headers };
}

function remember(list, item) {
  list.push(item);
  if (list.length > REMEMBERED) list.shift();
}

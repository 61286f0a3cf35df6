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

const FOLDERS = { analysis: "/analyses/", export: "/exports/" };

export function createRequestPlan(options) {
  return new RequestPlan(options);
}

/** `next()` gives a request, `learn(request, outcome)` takes what became of it. */
class RequestPlan {
  #random;
  #run;
  #deltas = [];
  #pending = { analysis: [], export: [] };
  #finished = { analysis: [], export: [] };
  #serial = 0;
  #kinds = [
    { weight: 20, make: () => this.#writeScore() },
    { weight: 2, make: () => this.#repeatScore() },
    { weight: 28, make: () => this.#readScore() },
    { weight: 14, make: () => this.#routePrompt() },
    { weight: 8, make: () => this.#uploadChat() },
    { weight: 12, make: () => this.#pollWork("analysis", "chat-analyzer") ?? this.#readScore() },
    { weight: 4, make: () => this.#startExport() },
    { weight: 12, make: () => this.#pollWork("export", "mobile-converter") ?? this.#readScore() },
  ];
  #totalWeight = this.#kinds.reduce((sum, { weight }) => sum + weight, 0);

  constructor({ seed, run }) {
    this.#random = createRandom(seed);
    this.#run = run;
  }

  next() {
    let point = this.#random.below(this.#totalWeight);
    for (const { weight, make } of this.#kinds) {
      if (point < weight) return make();
      point -= weight;
    }
    throw new Error("the weights do not add up");
  }

  #newKey(letter) {
    this.#serial += 1;
    return `${this.#run}-${letter}${this.#serial - 1}`;
  }

  #subject() {
    return `${this.#run}-user${this.#random.below(SUBJECTS)}`;
  }

  #writeScore() {
    const write = { kind: "score", subject: this.#subject(), delta: this.#random.below(21) - 10 };
    return scoreRequest(this.#newKey("s"), write);
  }

  /** A user who clicks twice: the same id once more, which must not count twice. */
  #repeatScore() {
    if (this.#deltas.length === 0) return this.#writeScore();
    const { key, write } = this.#random.pick(this.#deltas);
    return scoreRequest(key, { ...write, again: true });
  }

  #readScore() {
    const name = this.#subject();
    const judge = (answer) => answer.subject === name && Number.isInteger(answer.score);
    return {
      service: "trust-engine",
      method: "GET",
      path: `/scores/${name}`,
      idempotent: true,
      judge,
    };
  }

  #routePrompt() {
    const prompt = this.#sentences(3);
    const judge = (answer) => answer.summary !== "" && prompt.includes(answer.summary);
    return {
      ...post({ service: "ai-router", path: "/route", body: { prompt } }),
      idempotent: false,
      judge,
    };
  }

  #uploadChat() {
    const key = this.#newKey("u");
    const lines = 3 + this.#random.below(6);
    let text = "";
    for (let line = 0; line < lines; line += 1) {
      text += `${10 + this.#random.below(10)}:${10 + this.#random.below(50)} ${this.#random.pick(SPEAKERS)}: ${this.#sentences(1)}\n`;
    }
    const sha256 = createHash("sha256").update(text).digest("hex");
    const upload = post({
      service: "chat-analyzer",
      path: "/uploads",
      body: text,
      headers: { "x-upload-id": key },
    });
    const write = { kind: "upload", sha256, messages: lines };
    return { ...upload, key, idempotent: true, write, judge: (answer) => answer.id === key };
  }

  #startExport() {
    const key = this.#newKey("e");
    const write = { kind: "export", subject: this.#subject(), rows: 10 + this.#random.below(30) };
    const body = { id: key, subject: write.subject, rows: write.rows };
    const judge = (answer) => answer.id === key;
    return {
      ...post({ service: "mobile-converter", path: "/exports", body }),
      key,
      idempotent: true,
      write,
      judge,
    };
  }

  /** Asks for the oldest work that is not known to be done (half of the time) or for any other. */
  #pollWork(kind, service) {
    const fromPending =
      this.#pending[kind].length > 0 &&
      (this.#random.below(2) === 0 || this.#finished[kind].length === 0);
    const work = fromPending ? this.#pending[kind][0] : this.#random.pick(this.#finished[kind]);
    if (work === undefined) return undefined;
    const judge = (answer) => answer.id === work.key;
    const dueAtMs = work.acceptedAtMs + DUE_AFTER_MS[kind];
    return {
      service,
      method: "GET",
      path: `${FOLDERS[kind]}${work.key}`,
      idempotent: true,
      judge,
      poll: { kind, work, dueAtMs },
    };
  }

  #sentences(count) {
    let text = "";
    for (let sentence = 0; sentence < count; sentence += 1) {
      const words = Array.from({ length: 4 + this.#random.below(6) }, () =>
        this.#random.pick(WORDS),
      );
      text += `${sentence > 0 ? " " : ""}${words.join(" ")}.`;
    }
    return text;
  }

  learn(request, { ok, status, endedAt }) {
    if (request.poll !== undefined) this.#learnFromPoll(request.poll, ok && status === 200);
    if (!ok || request.write === undefined) return;
    const { kind } = request.write;
    if (kind === "score") remember(this.#deltas, request);
    if (kind === "upload")
      remember(this.#pending.analysis, { key: request.key, acceptedAtMs: endedAt });
    if (kind === "export")
      remember(this.#pending.export, { key: request.key, acceptedAtMs: endedAt });
  }

  #learnFromPoll({ kind, work }, isDone) {
    const place = this.#pending[kind].indexOf(work);
    if (!isDone || place < 0) return;
    this.#pending[kind].splice(place, 1);
    remember(this.#finished[kind], work);
  }
}

function scoreRequest(key, write) {
  const body = { id: key, subject: write.subject, delta: write.delta };
  const judge = (answer) => answer.id === key && Number.isInteger(answer.score);
  return {
    ...post({ service: "trust-engine", path: "/scores", body }),
    key,
    idempotent: true,
    write,
    judge,
  };
}

function post({ service, path, body, headers = {} }) {
  const sent = typeof body === "string" ? body : JSON.stringify(body);
  return { service, method: "POST", path, body: sent, headers };
}

function remember(list, item) {
  list.push(item);
  if (list.length > REMEMBERED) list.shift();
}

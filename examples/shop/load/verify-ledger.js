// Reads back what the services have acknowledged and counts what is lost, duplicated or wrong.
// A write whose answer never came is indeterminate: it may have happened or not, once at most.
// Memory is bounded by the number of subjects, not by the length of the ledger.
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { CallFailed, callHttp } from "../services/lib/call-http.js";
import { readLedger } from "./ledger.js";

const AT_ONCE = 8;
const READ_DEADLINE_MS = 2_000;
const READ_ATTEMPTS = 5;
const PAUSE_MS = 200;
const SAMPLES = 10;
const LIMIT_MS = 600_000;

/**
 * Work that is still in progress is waited for up to `waitMs` in all, then counted as such. What
 * could not be read within `limitMs` in all, or before `signal` aborts, is counted as unreadable.
 */
export async function verifyLedger(options) {
  const { targets, ledgerFile, waitMs = 0, limitMs = LIMIT_MS, signal } = options;
  const report = {
    acknowledged: 0,
    verified: 0,
    lost: 0,
    duplicated: 0,
    wrong: 0,
    inProgress: 0,
    unreadable: 0,
    indeterminate: 0,
    damagedAt: [],
    samples: [],
  };
  const nowMs = performance.now();
  const context = {
    targets,
    untilMs: nowMs + Math.min(waitMs, limitMs),
    sums: new Map(),
    isOver: () => signal?.aborted === true || performance.now() > nowMs + limitMs,
  };
  const note = (verdict, what) => {
    report[verdict] += 1;
    if (verdict !== "verified" && report.samples.length < SAMPLES) {
      report.samples.push({ verdict, ...what });
    }
  };

  for (let from = 0, chunk; ; from = chunk.nextByte) {
    chunk = await readLedger(ledgerFile, from);
    if (chunk.lines.length === 0) break;
    const writes = chunk.lines.filter(({ write }) => write !== undefined);
    for (let first = 0; first < writes.length; first += AT_ONCE) {
      const some = writes.slice(first, first + AT_ONCE);
      await Promise.all(some.map((line) => verifyWrite(line, { context, note, report })));
    }
  }
  for (const [subject, sum] of context.sums) note(...(await verifySum(subject, sum, context)));
  return report;
}

async function verifyWrite(line, { context, note, report }) {
  const { key, ok, write } = line;
  if (ok) report.acknowledged += 1;
  else report.indeterminate += 1;
  try {
    const verdict = await VERIFIERS[write.kind](line, context);
    if (!ok) return;
    note(verdict, { kind: write.kind, key });
    if (verdict === "lost" || verdict === "wrong") report.damagedAt.push(line.at);
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    note("unreadable", { kind: write.kind, key, reason: error.reason });
  }
}

const VERIFIERS = {
  async score({ key, write }, context) {
    const { status, text } = await read(context, "trust-engine", `/deltas/${key}`);
    if (status === 404) return "lost";
    const { subject, delta } = JSON.parse(text);
    // A repeated write is in the sum already: the line that was the first to send it put it there.
    if (!write.again) addToSum(context.sums, subject, delta);
    return subject === write.subject && delta === write.delta ? "verified" : "wrong";
  },

  async upload({ key, ok, write }, context) {
    if (!ok) return "indeterminate";
    const { status, text } = await readWhenDone(context, "chat-analyzer", `/analyses/${key}`);
    if (status === 404) return "lost";
    if (status === 202) return "inProgress";
    const { sha256, messages } = JSON.parse(text);
    return sha256 === write.sha256 && messages === write.messages ? "verified" : "wrong";
  },

  async export({ key, ok, write }, context) {
    if (!ok) return "indeterminate";
    const { status, text } = await readWhenDone(context, "mobile-converter", `/exports/${key}`);
    if (status === 404) return "lost";
    if (status === 202) return "inProgress";
    const { score, sha256 } = JSON.parse(text);
    const file = await read(context, "mobile-converter", `/exports/${key}/file`);
    if (file.status === 404) return "lost";
    const expected = sha256Of(exportContent(write, score));
    return sha256 === expected && sha256Of(file.text) === expected ? "verified" : "wrong";
  },
};

/** The score of a subject must be the sum of its deltas, each counted once. */
async function verifySum(subject, { score, applied }, context) {
  try {
    const { text } = await read(context, "trust-engine", `/scores/${subject}`);
    const stored = JSON.parse(text);
    const what = { kind: "sum", subject, expected: { score, applied }, stored };
    if (stored.applied > applied) return ["duplicated", what];
    if (stored.applied < applied) return ["lost", what];
    return [stored.score === score ? "verified" : "wrong", what];
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    return ["unreadable", { kind: "sum", subject, reason: error.reason }];
  }
}

function addToSum(sums, subject, delta) {
  const sum = sums.get(subject) ?? { score: 0, applied: 0 };
  sums.set(subject, { score: sum.score + delta, applied: sum.applied + 1 });
}

/** What mobile-converter must have written, worked out here once more on purpose. */
function exportContent({ subject, rows }, score) {
  const numbers = Array.from({ length: rows }, (_, number) => number);
  const value = (number) => (number * 7919 + score * 31) % 10_007;
  return numbers.map((number) => `${number};${subject};${score};${value(number)}\n`).join("");
}

const sha256Of = (text) => createHash("sha256").update(text).digest("hex");

async function readWhenDone(context, service, path) {
  for (;;) {
    const answer = await read(context, service, path);
    const isWaitedFor = performance.now() <= context.untilMs && !context.isOver();
    if (answer.status !== 202 || !isWaitedFor) return answer;
    await sleep(PAUSE_MS);
  }
}

/** A read with a few attempts; statuses other than 200, 202, 404 and 422 are no answer to it. */
async function read({ targets, isOver }, service, path) {
  const url = targets[service] + path;
  for (let attempt = 1; ; attempt += 1) {
    if (isOver()) throw new CallFailed("no time is left", { url });
    try {
      const answer = await callHttp(url, { deadlineMs: READ_DEADLINE_MS });
      if ([200, 202, 404, 422].includes(answer.status)) return answer;
      throw new CallFailed(`status ${answer.status}`, { url, status: answer.status });
    } catch (error) {
      if (attempt >= READ_ATTEMPTS || isOver()) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

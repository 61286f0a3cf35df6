// Sends the requests of a plan in an open loop: arrivals keep to their own schedule whatever the
// answers do, so a service that stalls for a second fails a second's worth of requests, as it would
// with real users. (A closed loop would stall with the service and hide the damage.)
// 1. Every request that was due gets exactly one line in the ledger.
// 2. At most IN_FLIGHT_LIMIT requests are open; one more is written down as failed, unsent.
// 3. It ends after `seconds`, or when the signal aborts, once the last answer or deadline is in.
import { setTimeout as sleep } from "node:timers/promises";
import { CallFailed, callHttp } from "../services/lib/call-http.js";
import { appendToLedger } from "./ledger.js";
import { createRequestPlan } from "./request-plan.js";
import { createRandom } from "./seeded-random.js";

const IN_FLIGHT_LIMIT = 2_000;
const LONGEST_SLEEP_MS = 250;

export async function runLoad(options) {
  const { targets, ledgerFile, ratePerSecond, seconds, signal } = options;
  const { seed = 1, timeoutMs = 2_000, run = `r${seed}-${Date.now().toString(36)}` } = options;
  const plan = createRequestPlan({ seed, run });
  const arrivals = createRandom(seed + 1);
  using ledger = appendToLedger(ledgerFile);
  const open = new Set();
  const startedMs = performance.now();
  let n = 0;
  let failed = 0;

  const send = async (request) => {
    const line = await exchange(request, {
      base: targets[request.service],
      timeoutMs,
      n: n++,
      run,
    });
    plan.learn(request, line);
    if (!line.ok) failed += 1;
    ledger.append(line);
  };

  let dueMs = 0;
  for (;;) {
    dueMs += arrivals.exponential(1_000 / ratePerSecond);
    if (dueMs > seconds * 1_000) break;
    await sleepUntil(startedMs + dueMs, signal);
    if (signal?.aborted) break;
    const request = plan.next();
    if (open.size >= IN_FLIGHT_LIMIT) {
      failed += 1;
      ledger.append(
        describe(request, { n: n++, run, at: Date.now(), ms: 0, error: "not sent: too many open" }),
      );
      continue;
    }
    const exchangeEnded = send(request);
    open.add(exchangeEnded);
    void exchangeEnded.then(() => open.delete(exchangeEnded));
  }
  await Promise.all(open);
  return { run, requests: n, failed };
}

/** Sleeps in short pieces, so that a stop is heard soon. */
async function sleepUntil(whenMs, signal) {
  for (;;) {
    const leftMs = whenMs - performance.now();
    if (leftMs <= 0 || signal?.aborted) return;
    await sleep(Math.min(leftMs, LONGEST_SLEEP_MS));
  }
}

async function exchange(request, { base, timeoutMs, n, run }) {
  const at = Date.now();
  const startedMs = performance.now();
  let status;
  let error;
  try {
    const answer = await callHttp(base + request.path, {
      method: request.method,
      body: request.body,
      headers: headersOf(request),
      deadlineMs: timeoutMs,
    });
    status = answer.status;
    error = flawOf(answer, { request, at });
  } catch (failure) {
    if (!(failure instanceof CallFailed)) throw failure;
    error = failure.reason;
  }
  return describe(request, { n, run, at, ms: performance.now() - startedMs, status, error });
}

function headersOf({ method, key, headers }) {
  if (method === "GET") return {};
  const idempotency = key === undefined ? {} : { "idempotency-key": key };
  return { "content-type": "application/json", ...idempotency, ...headers };
}

/** What is wrong with an answer, or undefined if it is a good one. */
function flawOf({ status, text }, { request, at }) {
  if (status < 200 || status > 299) return `status ${status}`;
  if (status === 202 && request.poll !== undefined && at > request.poll.dueAtMs) return "late";
  try {
    return request.judge(JSON.parse(text)) ? undefined : "wrong answer";
  } catch {
    return "wrong answer"; // Not JSON, or not the shape that was asked for.
  }
}

function describe(request, { n, run, at, ms, status, error }) {
  const { service, method, path, key, idempotent, write } = request;
  const ok = error === undefined;
  const endedAt = Math.round(at + ms);
  return {
    n,
    run,
    at,
    service,
    method,
    path,
    key,
    idempotent,
    ok,
    status,
    error,
    ms: Math.round(ms * 10) / 10,
    endedAt,
    write,
  };
}

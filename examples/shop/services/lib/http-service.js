// One HTTP service on 127.0.0.1:PORT. It routes, answers /health and /metrics, and on SIGTERM stops
// listening, lets requests in flight and the service's own work end, and exits 0.
// 1. An answer is sent for every request, also when a handler throws (500) or refuses (its status).
// 2. No exception is caught that a handler did not cause: anything else ends the process, loudly.
// 3. A stop takes at most STOP_LIMIT_MS; what is then still unfinished ends it with code 1.
import { createServer } from "node:http";
import { reportHealth } from "./health-report.js";
import { createLog } from "./log.js";
import { metricText, processMetrics } from "./metric-text.js";

const BODY_LIMIT_BYTES = 1024 * 1024;
const STOP_LIMIT_MS = 8_000;
const ID = /^[A-Za-z0-9][\w.-]{0,119}$/;

/** Thrown by a handler to answer with that status. */
export class RequestRefused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Ids become file names and keys, so they are plain words that never leave their folder. */
export function checkId(id) {
  if (typeof id !== "string" || !ID.test(id)) throw new RequestRefused(400, "not a usable id");
  return id;
}

export async function readText(request) {
  const chunks = [];
  let sizeBytes = 0;
  for await (const chunk of request) {
    sizeBytes += chunk.length;
    if (sizeBytes > BODY_LIMIT_BYTES) throw new RequestRefused(413, "body too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

export async function readJson(request) {
  const text = await readText(request);
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    // The sender's mistake, so the sender is told.
    throw new RequestRefused(400, "body is not JSON");
  }
  if (value === null || typeof value !== "object") throw new RequestRefused(400, "not an object");
  return value;
}

/**
 * Starts the service. `routes` maps "METHOD /path/:name" to `async ({ params, request }) => ({
 * status?, body })`; `checks` are health checks; `metrics()` adds metrics; `drain()` ends
 * background work once the last request is answered.
 */
export function startHttpService({ name, routes, checks = {}, metrics = () => [], drain }) {
  const log = createLog(name);
  const answered = new Map(["2xx", "4xx", "5xx"].map((group) => [group, 0]));
  let inFlight = 0;
  let stopping = false;

  const table = compileRoutes({
    ...routes,
    "GET /health": () => reportHealth(name, checks),
    "GET /metrics": async () => {
      const own = [...metrics(), ...requestMetrics(answered, inFlight), ...processMetrics()];
      return { type: "text/plain; version=0.0.4; charset=utf-8", body: metricText(own) };
    },
  });

  const server = createServer(async (request, response) => {
    inFlight += 1;
    response.once("close", () => {
      inFlight -= 1;
    });
    const answer = await answerFor(request, { table, log });
    const group = answer.status < 400 ? "2xx" : `${Math.floor(answer.status / 100)}xx`;
    answered.set(group, answered.get(group) + 1);
    send(response, answer, stopping);
  });
  server.keepAliveTimeout = 30_000;
  server.on("error", (error) => {
    log.error("cannot listen", { reason: error.message });
    process.exit(1);
  });

  const stop = async (signal) => {
    if (stopping) return;
    stopping = true;
    log.info("stopping", { signal });
    setTimeout(() => {
      log.error("stop took too long");
      process.exit(1);
    }, STOP_LIMIT_MS).unref();
    await new Promise((resolve) => server.close(resolve));
    await drain?.();
    log.info("stopped");
    process.exit(0);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);

  server.listen(Number(process.env.PORT), "127.0.0.1", () => {
    log.info("listening", { port: server.address().port, pid: process.pid });
  });
}

function compileRoutes(routes) {
  return Object.entries(routes).map(([key, handler]) => {
    const [method, path] = key.split(" ");
    const pattern = path.replace(/:(\w+)/g, "(?<$1>[^/]+)");
    return { method, pattern: new RegExp(`^${pattern}$`), handler };
  });
}

async function answerFor(request, { table, log }) {
  try {
    const path = new URL(request.url, "http://service").pathname;
    for (const { method, pattern, handler } of table) {
      const match = method === request.method ? pattern.exec(path) : null;
      if (match)
        return { status: 200, ...(await handler({ params: match.groups ?? {}, request })) };
    }
    return { status: 404, body: { error: "no such route" } };
  } catch (error) {
    if (error instanceof RequestRefused) {
      return { status: error.status, body: { error: error.message } };
    }
    log.error("request failed", { path: request.url, reason: error.message });
    return { status: 500, body: { error: error.message } };
  }
}

function send(response, { status, type = "application/json", body }, stopping) {
  const content = typeof body === "string" ? body : JSON.stringify(body);
  // While stopping, a kept connection would hold the process until it goes idle.
  if (stopping) response.setHeader("connection", "close");
  response.writeHead(status, { "content-type": type }).end(content);
}

function requestMetrics(answered, inFlight) {
  return [
    {
      name: "http_requests_total",
      type: "counter",
      help: "Answers sent, by group of status.",
      series: [...answered].map(([status, value]) => ({ labels: { status }, value })),
    },
    {
      name: "http_requests_in_flight",
      type: "gauge",
      help: "Requests that wait for their answer.",
      value: inFlight,
    },
  ];
}

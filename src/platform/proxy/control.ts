/**
 * The proxy's control: HTTP over a unix socket that only its owner may open.
 *
 *   GET    /                                  { pid }
 *   GET    /life                              never answers: the connection ends with the process
 *   PUT    /routes/:service                   Route -> RouteReport
 *   DELETE /routes/:service
 *   GET    /routes                            RouteReport[]
 *   GET    /routes/:service/drained?upstream=&deadlineMs=     { inFlight }
 *   POST   /stop?deadlineMs=                  answers, finishes what is under way, exits
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Proxy } from "./proxy.ts";
import { isDuration, parseRoute } from "./route-shape.ts";

const mostBodyBytes = 1024 * 1024;
const stopDeadlineMs = 10_000;

export interface ControlOptions {
  readonly proxy: Proxy;
  readonly onStop: (deadlineMs: number) => void;
}

interface Answer {
  readonly status: number;
  readonly value?: unknown;
}

export function createControl(options: ControlOptions): Server {
  return createServer((incoming, outgoing) => {
    if (incoming.method === "GET" && incoming.url === "/life") return;
    carryOut(incoming, options)
      .catch((error: unknown) => problem(500, error instanceof Error ? error.message : "unknown"))
      .then((answer) => send(outgoing, answer))
      // The caller is gone before the answer: nobody is left to tell.
      .catch(() => outgoing.destroy());
  });
}

async function carryOut(incoming: IncomingMessage, options: ControlOptions): Promise<Answer> {
  const { proxy, onStop } = options;
  const url = new URL(incoming.url ?? "/", "http://proxy");
  const [folder = "", name = "", verb = "", ...more] = url.pathname.slice(1).split("/");
  if (more.length > 0) return problem(404, "no such thing");
  const service = decodeURIComponent(name);
  switch (`${incoming.method} ${folder}${name && "/:service"}${verb && `/${verb}`}`) {
    case "GET ":
      return { status: 200, value: { pid: process.pid } };
    case "GET routes":
      return { status: 200, value: await proxy.reports() };
    case "PUT routes/:service":
      return await putRoute(incoming, service, proxy);
    case "DELETE routes/:service":
      await proxy.remove(service);
      return { status: 204 };
    case "GET routes/:service/drained": {
      const deadlineMs = Number(url.searchParams.get("deadlineMs") ?? 0);
      if (!isDuration(deadlineMs)) return problem(400, "deadlineMs: milliseconds");
      const upstream = url.searchParams.get("upstream") ?? "";
      const inFlight = await proxy.drained(service, upstream, deadlineMs);
      return { status: 200, value: { inFlight } };
    }
    case "POST stop": {
      const deadlineMs = Number(url.searchParams.get("deadlineMs") ?? stopDeadlineMs);
      if (!isDuration(deadlineMs)) return problem(400, "deadlineMs: milliseconds");
      onStop(deadlineMs);
      return { status: 202 };
    }
    default:
      return problem(404, "no such thing");
  }
}

async function putRoute(incoming: IncomingMessage, service: string, proxy: Proxy): Promise<Answer> {
  const text = await readText(incoming);
  if (text === undefined) return problem(413, `a route has at most ${mostBodyBytes} bytes`);
  const route = parseRoute(parseJson(text));
  if (typeof route === "string") return problem(400, route);
  if (route.service !== service) return problem(400, "service: differs from the address");
  return { status: 200, value: await proxy.route(route) };
}

async function readText(incoming: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > mostBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Whatever is no JSON is no route either, which is what the caller is told.
    return undefined;
  }
}

function problem(status: number, message: string): Answer {
  return { status, value: { error: message } };
}

function send(outgoing: ServerResponse, { status, value }: Answer): void {
  const text = value === undefined ? "" : JSON.stringify(value);
  outgoing.writeHead(status, { "Content-Type": "application/json" });
  outgoing.end(text);
}

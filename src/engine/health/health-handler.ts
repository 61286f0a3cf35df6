/**
 * The health endpoint: for node:http and Express (`healthHandler`), and for Fastify
 * (`healthRoute`). Both answer GET and HEAD with `application/health+json`, 200 or 503, and are
 * never cached on the way.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import {
  checkArgument,
  checkOptions,
  flagOption,
  havingOption,
  type OptionReader,
  optionsOf,
  textOption,
} from "../../kernel/index.ts";
import type { HealthReport } from "./check.ts";
import {
  type HealthDocumentOptions,
  healthMediaType,
  httpStatusOf,
  toHealthDocument,
} from "./health-document.ts";

/** What the endpoint needs of a registry. */
export interface HealthSource {
  report(): Promise<HealthReport>;
}

const documentShape = optionsOf({
  service: textOption(),
  release: textOption(),
  description: textOption({ max: 10_000 }),
  details: flagOption(),
});

export const sourceOption: OptionReader<HealthSource> = havingOption(
  ["report"],
  "the health of an engine",
  "hand in engine.health",
);

function checkSource(subject: string, source: unknown, options: unknown): void {
  checkArgument([subject, "source"], source, sourceOption);
  checkOptions(subject, options, documentShape);
}

const headers = { "content-type": healthMediaType, "cache-control": "no-store" } as const;

/**
 * Answers with the health of the service: `http.createServer(healthHandler(health))`, or
 * `app.get("/health", healthHandler(health))` in Express.
 *
 * 200 while it is healthy or degraded, 503 when it is unhealthy, 405 for other methods than GET and
 * HEAD. Bursts are answered from one look. Error texts are shown without what looks like a secret;
 * `details: false` shows none at all.
 */
export function healthHandler(
  source: HealthSource,
  options: HealthDocumentOptions = {},
): (request: IncomingMessage, response: ServerResponse) => void {
  checkSource("healthHandler", source, options);
  return (request, response) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD" }).end();
      return;
    }
    void answer(request, response, bodyOf(source, options));
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  pending: ReturnType<typeof bodyOf>,
): Promise<void> {
  const { status, body } = await pending;
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
  response.end(request.method === "HEAD" ? undefined : body);
}

/** The part of Fastify's reply that is used. */
export interface HealthReply {
  code(status: number): unknown;
  headers(values: Record<string, string>): unknown;
  send(body: string): unknown;
}

/** The same as a handler for Fastify: `app.get("/health", healthRoute(health))`. */
export function healthRoute(
  source: HealthSource,
  options: HealthDocumentOptions = {},
): (request: unknown, reply: HealthReply) => Promise<unknown> {
  checkSource("healthRoute", source, options);
  return async (_request, reply) => {
    const { status, body } = await bodyOf(source, options);
    reply.code(status);
    reply.headers({ ...headers });
    return reply.send(body);
  };
}

async function bodyOf(
  source: HealthSource,
  options: HealthDocumentOptions,
): Promise<{ readonly status: number; readonly body: string }> {
  try {
    const report = await source.report();
    const body = JSON.stringify(toHealthDocument(report, options));
    return { status: httpStatusOf(report), body };
  } catch {
    // A source of somebody else: an endpoint that cannot say how it is, is not well.
    return { status: 503, body: JSON.stringify({ status: "fail", checks: {} }) };
  }
}

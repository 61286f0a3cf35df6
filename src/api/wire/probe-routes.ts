/**
 * Texts for other monitors. `/livez`: this process answers, nothing else is asked. `/readyz`: it
 * can do its work. `/health`: the fleet, as health+json. `/metrics`: figures for Prometheus.
 */
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { FastifyInstance } from "fastify";
import { contentTypes, formatFor, writeExposition } from "../../statistics/index.ts";
import { fleetMetrics } from "../figures/fleet-metrics.ts";
import { toHealthDocument } from "../figures/health-json.ts";
import { checkLoop, checkStore, lookAtHealth } from "../figures/system-health.ts";
import { createTally } from "../figures/tally.ts";
import type { House } from "../house.ts";
import { visible } from "../visible.ts";

const compress = promisify(gzip);

/** Returns the end of its own subscription. */
export function addProbeRoutes(app: FastifyInstance, house: House): () => void {
  const tally = createTally();
  const unsubscribe = house.subscribe((entries) => tally.take(entries));

  app.get("/livez", async (_request, reply) => reply.type("text/plain").send("ok\n"));

  app.get("/readyz", async (request, reply) => {
    const checks = [await checkStore(house), checkLoop(house)];
    // Degraded is ready: without its store the engine still supervises and heals.
    const isReady = checks.every(({ status }) => status !== "unhealthy");
    const lines = [
      ...checks.map(({ name, status, message }) => {
        return `[${status === "unhealthy" ? "-" : "+"}]${name} ${message ?? (status === "healthy" ? "ok" : status)}`;
      }),
      `readyz check ${isReady ? "passed" : "failed"}`,
    ];
    const { query } = request;
    const isVerbose = typeof query === "object" && query !== null && "verbose" in query;
    const text = isVerbose || !isReady ? `${lines.join("\n")}\n` : "ok\n";
    return await reply
      .code(isReady ? 200 : 503)
      .type("text/plain")
      .send(text);
  });

  app.get("/health", async ({ caller }, reply) => {
    const document = visible(toHealthDocument(house, await lookAtHealth(house)), caller);
    return await reply
      .code(document.status === "fail" ? 503 : 200)
      .type("application/health+json")
      .send(JSON.stringify(document));
  });

  app.get("/metrics", async (request, reply) => {
    const format = formatFor(request.headers.accept);
    const text = writeExposition(fleetMetrics(house, tally), format);
    void reply.type(contentTypes[format]).header("vary", "accept, accept-encoding");
    // A large fleet is megabytes of text that shrink to a tenth.
    if (!/\bgzip\b/.test(request.headers["accept-encoding"] ?? "")) return await reply.send(text);
    return await reply.header("content-encoding", "gzip").send(await compress(text));
  });

  return unsubscribe;
}

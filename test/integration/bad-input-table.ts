/**
 * Every function and class that a user of the package can call, with each of its arguments to be
 * handed in wrongly.
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import * as ai from "../../src/public/ai.ts";
import * as express from "../../src/public/express.ts";
import * as fastify from "../../src/public/fastify.ts";
import * as files from "../../src/public/files.ts";
import * as main from "../../src/public/index.ts";
import * as redis from "../../src/public/redis.ts";
import * as telemetry from "../../src/public/telemetry.ts";
import * as trpc from "../../src/public/trpc.ts";

export const doors: Readonly<Record<string, object>> = {
  main,
  ai,
  express,
  fastify,
  files,
  redis,
  telemetry,
  trpc,
};

/** What users catch, and do not make. */
export const notCalled: ReadonlySet<string> = new Set(
  (
    "AllFailedError AnswerError BulkheadError CallTimeoutError CircuitBreakerError DeliveryRefused " +
    "FileError PolicyError RateLimitError SinkAway SoulMirrorError TruncatedStreamError Circuit"
  ).split(" "),
);

export interface Slot {
  /** `main.retry`, and which argument. */
  readonly name: string;
  readonly call: (value: never) => unknown;
  /** Values that mean something here. */
  readonly fine?: readonly unknown[];
  /** Keys whose values are numbers above 0; with them the slot takes options. */
  readonly numbers?: readonly string[];
  /** Keys without which the options are of no use. */
  readonly needs?: object;
}

const engine = main.createEngine();
const path = join(tmpdir(), "soulmirror-bad-input", "file");
const registry = new main.HealthCheckRegistry();
const ask = async (): Promise<string> => "well";
const board: main.VoteBoard = { post: async () => {}, read: async () => [] };
const openai = new OpenAI({ apiKey: "none" });
const model = {
  specificationVersion: "v3",
  provider: "it",
  modelId: "it",
  supportedUrls: {},
  doGenerate: ask,
  doStream: ask,
};
const hash = { hset: ask, hvals: ask, hscan: ask, hdel: ask, eval: ask } as never;
const client = { multi: () => {} } as never;
const transport = new telemetry.OtlpTransport({ endpoint: "http://h" }, () => 0);
const collector = { record() {} };
const collectorOptions = { sinks: [] };
const resource = {};
const exporterOptions = { view: engine, events: engine.events, transport, resource };

function slot(name: string, call: Slot["call"], more: Omit<Slot, "name" | "call"> = {}): Slot {
  return { name, call, ...more };
}

const options = (...numbers: readonly string[]): Pick<Slot, "numbers"> => ({ numbers });

export const slots: readonly Slot[] = [
  slot("main.createEngine", main.createEngine, { ...options("timeout"), fine: [] }),
  slot(
    "main.InfrastructureReliabilityEngine",
    (o) => new main.InfrastructureReliabilityEngine(o),
    options("timeout"),
  ),
  slot("engine.wrap name", (name) => engine.wrap(name, {}), { fine: ["text"] }),
  slot("engine.wrap target", (target) => engine.wrap("it", target), { fine: [[], {}] }),
  slot("engine.wrap options", (o) => engine.wrap("it", {}, o), options("timeout", "depth")),
  slot(
    "engine.registerService options",
    (o) => engine.registerService("it", {}, o),
    options("timeout"),
  ),
  slot("engine.setMode", (mode) => engine.setMode(mode)),
  slot("engine.on name", (name) => engine.on(name, () => {}), { fine: ["text"] }),
  slot("engine.on listener", (listener) => engine.on("mode", listener)),
  slot("engine.adoptMonitor name", (name) => engine.adoptMonitor(name, ask), { fine: ["text"] }),
  slot("engine.adoptMonitor monitor", (it) => engine.adoptMonitor("it", it)),
  slot("engine.adoptMonitor options", (o) => engine.adoptMonitor("it", ask, o), options()),
  slot("engine.meter", (name) => engine.meter(name), { fine: ["text"] }),
  slot("engine.isolate", (name) => engine.isolate(name, "why"), { fine: ["text"] }),
  slot("engine.optimizePerformance", (o) => engine.optimizePerformance(o), options()),
  slot("engine.watchProcess", (o) => engine.watchProcess(o), options("stalls")),
  slot("main.retry", main.retry, options("attempts", "baseDelayMs", "factor", "deadlineMs")),
  slot("main.timeout", main.timeout, { ...options("timeoutMs"), fine: [5] }),
  slot("main.bulkhead", main.bulkhead, { ...options("limit", "queue", "maxWaitMs"), fine: [5] }),
  slot("main.rateLimit", main.rateLimit, {
    ...options("limit", "perMs", "burst"),
    needs: { limit: 5 },
  }),
  slot(
    "main.circuitBreaker",
    main.circuitBreaker,
    options("failureThreshold", "timeoutMs", "windowMs"),
  ),
  slot("main.hedge", main.hedge, { ...options("delayMs", "hedges"), needs: { delayMs: 5 } }),
  slot("main.fallback", (o) => main.fallback(5, o), options()),
  slot("main.pipeline policies", main.pipeline, { fine: [[]] }),
  slot("main.pipeline options", (o) => main.pipeline([], o), options()),
  slot("main.failover functions", main.failover),
  slot("main.failover options", (o) => main.failover([ask], o), options("attempts", "windowMs")),
  slot("main.cpuCheck", main.cpuCheck, options("degradedAbove", "unhealthyAbove")),
  slot("main.memoryCheck", main.memoryCheck, options("degradedAbove", "unhealthyAbove")),
  slot("main.diskCheck folder", main.diskCheck, { fine: ["text"] }),
  slot(
    "main.diskCheck options",
    (o) => main.diskCheck(".", o),
    options("degradedAbove", "unhealthyAbove"),
  ),
  slot("main.eventLoopCheck", main.eventLoopCheck, options("degradedMs", "unhealthyMs")),
  slot("main.databaseCheck target", main.databaseCheck),
  slot("main.databaseCheck options", (o) => main.databaseCheck(ask, o), options("degradedMs")),
  slot("main.redisCheck target", main.redisCheck),
  slot("main.redisCheck options", (o) => main.redisCheck(ask, o), options("degradedMs")),
  slot(
    "main.HealthCheckRegistry",
    (o) => new main.HealthCheckRegistry(o),
    options("timeoutMs", "freshForMs"),
  ),
  slot("registry.register name", (name) => registry.register(name, () => "healthy"), {
    fine: ["text"],
  }),
  slot("registry.register check", (check) => registry.register("it", check)),
  slot("registry.start", (every) => registry.start(every), { fine: [5] }),
  slot("main.healthHandler source", main.healthHandler),
  slot("main.healthHandler options", (o) => main.healthHandler(registry, o), options()),
  slot("main.CircuitBreakerRegistry", (o) => new main.CircuitBreakerRegistry(o), options()),
  slot(
    "circuit options",
    (o) => new main.CircuitBreakerRegistry().getOrCreate("it", o),
    options("failureThreshold", "timeout"),
  ),
  slot("main.Quorum", (o) => new main.Quorum(o), {
    ...options("needed", "intervalMs", "staleMs", "openForMaxMs"),
    needs: { memory: new main.CircuitBreakerRegistry().memory, board, instance: "it" },
  }),
  slot("main.RetryBudget", (o) => new main.RetryBudget(o), options("ratio", "minimumPerSecond")),
  slot("main.RetryStrategy", (o) => new main.RetryStrategy(o), options("attempts")),
  slot("main.FailoverStrategy", (o) => new main.FailoverStrategy(o), { fine: [[]] }),
  slot(
    "main.RecoveryEngine",
    (o) => new main.RecoveryEngine(o),
    options("concurrency", "queue", "deadlineMs", "budget"),
  ),
  slot("recovery.registerStrategy", (o) => new main.RecoveryEngine().registerStrategy(o), {
    fine: [[]],
  }),
  slot("recovery.handleFailure", (o) => new main.RecoveryEngine().handleFailure(o), { fine: [[]] }),
  slot("main.fileRecoveryStore path", main.fileRecoveryStore, { fine: ["text"] }),
  slot(
    "main.fileRecoveryStore options",
    (o) => main.fileRecoveryStore(path, o),
    options("maxBytes"),
  ),
  slot("main.sqliteRecoveryStore", main.sqliteRecoveryStore, { fine: ["text"] }),
  slot("main.fileStateStore", main.fileStateStore, { fine: ["text"] }),
  slot("main.sqliteStateStore", main.sqliteStateStore, { fine: ["text"] }),
  slot("main.redisStateStore", main.redisStateStore),
  slot("main.redisStateStore options", (o) => main.redisStateStore(hash, undefined, o), options()),
  slot("main.redisBoard", main.redisBoard),
  slot("main.folderBoard", main.folderBoard, { fine: ["text"] }),
  slot("main.LogSketch", (o) => new main.LogSketch(o), options("bits", "binsMax")),
  slot("main.isPolicyError", (e) => main.isPolicyError(e, "timeout" as never), { fine: ["any"] }),
  slot("main.currentRequestIds", main.currentRequestIds, { fine: ["any"] }),
  slot("main.memoryRecoveryStore", main.memoryRecoveryStore, { fine: ["any"] }),
  slot("main.memoryStateStore", main.memoryStateStore, { fine: ["any"] }),
  slot("main.watchHttpClients engine", main.watchHttpClients),
  slot(
    "main.watchHttpClients options",
    (o) => main.watchHttpClients(engine, o),
    options("operationsMax"),
  ),
  slot("main.watchPool engine", (it) => main.watchPool(it, {})),
  slot("main.watchPool pool", (pool) => main.watchPool(engine, pool)),
  slot("ai.failover providers", ai.failover),
  slot("ai.failover options", (o) => ai.failover([ask], o), options("timeoutMs", "firstChunkMs")),
  slot("ai.failoverClient providers", ai.failoverClient),
  slot("ai.failoverClient options", (o) => ai.failoverClient([openai], o), options("timeoutMs")),
  slot("ai.failoverModel models", ai.failoverModel),
  slot("ai.failoverModel options", (o) => ai.failoverModel([model], o), options("timeoutMs")),
  slot("ai.failoverOf", ai.failoverOf),
  slot("express.expressMiddleware engine", express.expressMiddleware),
  slot(
    "express.expressMiddleware options",
    (o) => express.expressMiddleware(engine, o),
    options("operationsMax"),
  ),
  slot("express.healthHandler source", express.healthHandler),
  slot("fastify.fastifyPlugin engine", fastify.fastifyPlugin),
  slot(
    "fastify.fastifyPlugin options",
    (o) => fastify.fastifyPlugin(engine, o),
    options("operationsMax"),
  ),
  slot("fastify.healthRoute source", fastify.healthRoute),
  slot("fastify.healthRoute options", (o) => fastify.healthRoute(registry, o), options()),
  slot("trpc.trpcMiddleware engine", trpc.trpcMiddleware),
  slot(
    "trpc.trpcMiddleware options",
    (o) => trpc.trpcMiddleware(engine, o),
    options("operationsMax"),
  ),
  slot("trpc.healthQuery source", trpc.healthQuery),
  slot(
    "files.createFileOperations",
    files.createFileOperations,
    options("lockTimeoutMs", "settleMs", "keep"),
  ),
  slot("files.patchFileSystem", files.patchFileSystem, options()),
  slot("files.safeWriteFile path", (it) => files.safeWriteFile(it, "a"), { fine: ["text"] }),
  slot("files.safeWriteFile content", (it) => files.safeWriteFile(path, it), {
    fine: ["text", [], ""],
  }),
  slot(
    "files.safeWriteFile options",
    (o) => files.safeWriteFile(path, "a", o),
    options("keep", "mode", "lockTimeoutMs"),
  ),
  slot("files.safeReadFile path", (it) => files.safeReadFile(it), { fine: ["text"] }),
  slot(
    "files.safeReadFile options",
    (o) => files.safeReadFile(path, o),
    options("settleMs", "lockTimeoutMs"),
  ),
  slot("files.safeAppendFile path", (it) => files.safeAppendFile(it, "a"), { fine: ["text"] }),
  slot("files.safeAppendFile content", (it) => files.safeAppendFile(path, it), {
    fine: ["text", ""],
  }),
  slot(
    "files.safeAppendFile options",
    (o) => files.safeAppendFile(path, "a", o),
    options("mode", "lockTimeoutMs"),
  ),
  slot("files.safeUpdateFile path", (it) => files.safeUpdateFile(it, () => "a"), {
    fine: ["text"],
  }),
  slot("files.safeUpdateFile change", (it) => files.safeUpdateFile(path, it)),
  slot(
    "files.safeUpdateFile options",
    (o) => files.safeUpdateFile(path, () => "a", o),
    options("keep"),
  ),
  slot("files.safeMkdir path", (it) => files.safeMkdir(it), { fine: ["text"] }),
  slot("files.safeMkdir options", (o) => files.safeMkdir(path, o), options("mode")),
  slot("files.safeDelete path", (it) => files.safeDelete(it), { fine: ["text"] }),
  slot("files.safeDelete options", (o) => files.safeDelete(path, o), options("lockTimeoutMs")),
  slot("files.safeJson.read path", (it) => files.safeJson.read(it), { fine: ["text"] }),
  slot("files.safeJson.read options", (o) => files.safeJson.read(path, o), options("settleMs")),
  slot(
    "files.safeJson.write options",
    (o) => files.safeJson.write(path, {}, o),
    options("keep", "indent"),
  ),
  slot("files.safeJson.update change", (it) => files.safeJson.update(path, it)),
  slot(
    "files.safeJson.update options",
    (o) => files.safeJson.update(path, (v) => v, o),
    options("keep"),
  ),
  slot("redis.redisRetryStrategy", redis.redisRetryStrategy, options("firstMs", "longestMs")),
  slot("redis.reconnectOnFailover", redis.reconnectOnFailover, { fine: ["any"] }),
  slot("redis.redisCheck target", redis.redisCheck),
  slot("redis.watchRedis engine", (it) => redis.watchRedis(it, {})),
  slot("redis.watchRedis client", (it) => redis.watchRedis(engine, it)),
  slot("telemetry.EngineTelemetry", (o) => new telemetry.EngineTelemetry(o), {
    ...options("batchSize", "flushIntervalMs", "exportIntervalMs"),
    needs: { view: engine, events: engine.events, otlp: { endpoint: "http://h" } },
  }),
  slot("telemetry.MetricsCollector", (o) => new telemetry.MetricsCollector(o), {
    ...options("batchSize", "queueMax"),
    needs: collectorOptions,
  }),
  slot("telemetry.OperationTracker collector", (it) => new telemetry.OperationTracker(it)),
  slot(
    "telemetry.OperationTracker options",
    (o) => new telemetry.OperationTracker(collector, o),
    options(),
  ),
  slot("telemetry.OtlpExporter", (o) => new telemetry.OtlpExporter(o), {
    ...options("exportIntervalMs", "operationsMax"),
    needs: exporterOptions,
  }),
  slot("telemetry.OtlpMetricSink", (it) => new telemetry.OtlpMetricSink(it, resource)),
  slot("telemetry.OtlpTransport", (o) => new telemetry.OtlpTransport(o, () => 0), {
    ...options("timeoutMs"),
    needs: { endpoint: "http://h" },
  }),
  slot("telemetry.RedisStreamSink client", (it) => new telemetry.RedisStreamSink(it)),
  slot(
    "telemetry.RedisStreamSink options",
    (o) => new telemetry.RedisStreamSink(client, o),
    options("entriesMax"),
  ),
  slot("telemetry.MemorySink", (it) => new telemetry.MemorySink(it), { fine: [5] }),
  slot("telemetry.SqliteMetricSink place", (it) => new telemetry.SqliteMetricSink(it), {
    fine: ["text"],
  }),
  slot(
    "telemetry.SqliteMetricSink options",
    (o) => new telemetry.SqliteMetricSink("unused.db", o),
    options("rowsMax"),
  ),
  slot("telemetry.exposition view", telemetry.exposition),
  slot(
    "telemetry.exposition options",
    (o) => telemetry.exposition(engine, o),
    options("operationsMax"),
  ),
  slot("telemetry.otlpOptions", telemetry.otlpOptions, { fine: [[]] }),
  slot("telemetry.traceDecisions", telemetry.traceDecisions),
];

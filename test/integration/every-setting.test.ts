/**
 * Every setting that has a name is read by something: each is changed, and what an engine does or
 * plans is another thing then. A name without a row here does not compile.
 */

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterEach, expect, test } from "vitest";
import { type EngineOptions, InfrastructureReliabilityEngine } from "../../src/engine/engine.ts";
import { builtIn } from "../../src/engine/settings/built-in.ts";
import type { SettingName, SettingValues } from "../../src/engine/settings/setting.ts";
import { ManualTools } from "../../src/resilience/index.ts";
import { afterwards } from "../afterwards.ts";
import { until } from "../until.ts";
import { Collector } from "./otlp-collector.ts";
import { planOf, type Values } from "./plan-of-settings.ts";
import { startRedis } from "./redis-server.ts";

/** What is seen before and after the setting is changed. */
type Probe = () => readonly unknown[] | Promise<readonly unknown[]>;

const variables = new Set<string>();

afterEach(() => {
  for (const name of variables) delete process.env[name];
});

const probes: { readonly [K in SettingName]: Probe } = {
  mode: planned("mode", "shadow"),
  limitedTo: planned("limitedTo", ["retry"], { mode: "limited" }),
  timeoutMs: planned("timeoutMs", 5),
  "retry.permission": planned("retry.permission", "declared_idempotent"),
  "retry.attempts": planned("retry.attempts", 7),
  "retry.delayMs": planned("retry.delayMs", 7),
  "retry.growth": planned("retry.growth", 9),
  "retry.delayMaxMs": planned("retry.delayMaxMs", 1100),
  "retry.budget": () => each([0, 1], attemptsOf),
  "breaker.enabled": planned("breaker.enabled", false),
  "breaker.failureThreshold": planned("breaker.failureThreshold", 7),
  "breaker.successThreshold": planned("breaker.successThreshold", 7),
  "breaker.resetTimeoutMs": planned("breaker.resetTimeoutMs", 7),
  "breaker.resetGrowth": planned("breaker.resetGrowth", 7),
  "breaker.resetTimeoutMaxMs": planned("breaker.resetTimeoutMaxMs", 7_000_000),
  "breaker.failureRate": planned("breaker.failureRate", 0.7),
  "breaker.slowCallRate": planned("breaker.slowCallRate", 0.7),
  "breaker.slowCallMs": planned("breaker.slowCallMs", 7),
  "breaker.windowMs": planned("breaker.windowMs", 77),
  "breaker.minimumCalls": planned("breaker.minimumCalls", 77),
  "bulkhead.limit": planned("bulkhead.limit", 7),
  "bulkhead.queue": planned("bulkhead.queue", 7, { "bulkhead.limit": 1 }),
  "rate.perSecond": planned("rate.perSecond", 7),
  strategies: () => each(["reconnect", "restart"], restartsOf),
  healthCheck: () =>
    each([undefined, "http://127.0.0.1:1/"], (healthCheck) => checksOf({ healthCheck })),
  address: () =>
    each([undefined, "http://127.0.0.1:1"], (address) => checksOf({ healthCheck: "/h", address })),
  "switches.engine": planned("switches.engine", false),
  "switches.selfHealing": planned("switches.selfHealing", false),
  "switches.instrumentation": planned("switches.instrumentation", false, { mode: "monitor" }),
  "switches.breakers": planned("switches.breakers", false),
  "switches.autoRecovery": planned("switches.autoRecovery", false),
  "switches.retry": planned("switches.retry", false),
  "switches.failover": planned("switches.failover", false),
  "switches.silentErrors": planned("switches.silentErrors", false),
  "switches.healthMonitoring": () =>
    each([true, false], (healthMonitoring) => looksOf({ switches: { healthMonitoring } })),
  "switches.predictions": () =>
    each([true, false], (predictions) =>
      slowIssuesOf({ switches: { predictions }, thresholds: { responseTime: 100 } }),
    ),
  "integration.wrapExistingServices": () =>
    each([true, false], (wrapExistingServices) => {
      const raw = { ask: () => 1 };
      const engine = engineOf({ integration: { wrapExistingServices } });
      return [engine.wrap("chat", raw) === raw, engine.explain("chat").unreached];
    }),
  "integration.enhanceExistingMonitors": () =>
    each([true, false], (enhanceExistingMonitors) => {
      const monitors = { it: () => true };
      return engineOf({ monitors, integration: { enhanceExistingMonitors } }).health.names();
    }),
  "integration.unifiedDashboard": () => each([true, false], shownTo),
  "thresholds.errorRate": () => each([0.2, 1], foreseenErrorsOf),
  "thresholds.responseTimeMs": () =>
    each([undefined, 100], (responseTime) =>
      slowIssuesOf(responseTime === undefined ? {} : { thresholds: { responseTime } }),
    ),
  "thresholds.memoryUsage": () =>
    each([1, 0], (memoryUsage) => statusOf("memory", { thresholds: { memoryUsage } })),
  "thresholds.cpuUsage": () =>
    each([1, 0], (cpuUsage) => statusOf("cpu", { thresholds: { cpuUsage } })),
  "telemetry.batchSize": () => each(["1", "50"], batchesOf),
  "telemetry.flushIntervalMs": () => each(["10", "600000"], isFlushed),
  "telemetry.redisStreamKey": () =>
    each(["one", "two"], (key) => streamsOf({ METRICS_REDIS_STREAM_KEY: key })),
  "telemetry.redisUrl": () => each([{}, { REDIS_URL: "" }], streamsOf),
  "health.intervalMs": () =>
    each(["1000", "60000"], (ms) => looksOf({}, { HEALTH_CHECK_INTERVAL_MS: ms })),
  "health.timeoutMs": () => each(["1000", "60000"], timedOutOf),
  "alerts.email": () => each(["false", "true"], (on) => toldOf({ ALERT_EMAIL_ENABLED: on })),
  "alerts.sms": () => each(["false", "true"], (on) => toldOf({ ALERT_SMS_ENABLED: on })),
  "alerts.webhookUrl": () => each([false, true], alertsOf),
};

test("every setting has its row", () => {
  expect(Object.keys(probes).toSorted()).toEqual(Object.keys(builtIn).toSorted());
});

test.each(Object.entries(probes))("%s is read", async (_name, probe) => {
  const [before, after] = await probe();
  expect(after).not.toEqual(before);
});

async function each<V>(
  values: readonly V[],
  see: (value: V) => unknown,
): Promise<readonly unknown[]> {
  const seen: unknown[] = [];
  for (const value of values) seen.push(await see(value));
  return seen;
}

/** What the plan of a call says. */
function planned<K extends SettingName>(
  leaf: K,
  value: SettingValues[K],
  others: Values = {},
): Probe {
  return () => [planOf(others), planOf({ ...others, [leaf]: value })];
}

function engineOf(options: EngineOptions, tools = new ManualTools()) {
  const engine = new InfrastructureReliabilityEngine(options, tools);
  afterwards(() => engine.close());
  return engine;
}

function setVariables(values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) {
    variables.add(name);
    process.env[name] = value;
  }
}

/** Of a hundred calls that fail, each of which may be made three times. */
async function attemptsOf(budget: number): Promise<number> {
  const tools = new ManualTools();
  const engine = engineOf({ autoRetry: true, breaker: false, retry: { budget } }, tools);
  let attempts = 0;
  const chat = engine.wrap("chat", {
    async ask() {
      attempts += 1;
      throw Object.assign(new Error("reset"), { code: "ECONNRESET" });
    },
  });
  const done = Array.from({ length: 100 }, () => chat.ask().catch(() => {}));
  await tools.advance(100_000);
  await Promise.all(done);
  return attempts;
}

async function restartsOf(recoveryStrategy: string): Promise<number> {
  const tools = new ManualTools();
  const engine = engineOf({}, tools);
  let restarts = 0;
  engine.registerService(
    "chat",
    { ask() {} },
    {
      recoveryStrategy,
      check: () => (restarts > 0 ? "healthy" : "unhealthy"),
      recovery: { restart: () => (restarts += 1) },
    },
  );
  await tools.advance(60_000);
  return restarts;
}

function checksOf(given: {
  readonly healthCheck?: string | undefined;
  readonly address?: string | undefined;
}) {
  const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value));
  const engine = engineOf({ services: { chat: options } });
  engine.wrap("chat", { ask() {} });
  return engine.health.names().includes("chat");
}

/** How often health is asked for in two minutes. */
async function looksOf(
  options: EngineOptions,
  environment: Readonly<Record<string, string>> = {},
): Promise<number> {
  setVariables(environment);
  const tools = new ManualTools();
  const engine = engineOf(options, tools);
  for (const name of engine.health.names()) engine.health.unregister(name);
  let looks = 0;
  engine.health.register("queue", () => {
    looks += 1;
    return "healthy";
  });
  await tools.advance(120_000);
  return looks;
}

/** Of an operation that answers within 500 ms: what is foreseen, and what health says. */
async function slowIssuesOf(options: EngineOptions): Promise<unknown> {
  const tools = new ManualTools();
  const engine = engineOf({ ...options, sampling: "every" }, tools);
  const chat = engine.wrap("chat", {
    ask: () => new Promise<void>((resolve) => tools.timers.after(500, resolve)),
  });
  for (let call = 0; call < 60; call += 1) {
    void chat.ask();
    await tools.advance(500);
  }
  const { checks } = await engine.getSystemHealth();
  const issues = engine.predictIssues().filter(({ subject }) => subject === "chat.ask");
  const said = checks.find(({ name }) => name === "response_time");
  return [issues.map(({ kind }) => kind), said?.status, said?.message];
}

/** When errors that become more are foreseen. */
async function foreseenErrorsOf(errorRate: number): Promise<number> {
  const tools = new ManualTools();
  const engine = engineOf({ autoRetry: false, breaker: false, thresholds: { errorRate } }, tools);
  let share = 0;
  let calls = 0;
  const chat = engine.wrap("chat", {
    ask() {
      calls += 1;
      if (calls % 100 < share * 100) throw new Error("no");
    },
  });
  for (let look = 1; look < 60; look += 1) {
    share = Math.max(0, look - 20) * 0.01;
    for (let call = 0; call < 500; call += 1) {
      try {
        chat.ask();
      } catch {
        // Meant to.
      }
    }
    await tools.advance(10_000);
    if (engine.predictIssues().some(({ kind }) => kind === "errors_rise")) return look;
  }
  return 60;
}

async function statusOf(check: string, options: EngineOptions): Promise<unknown> {
  const tools = new ManualTools();
  const engine = engineOf(options, tools);
  // A process has always used some time, and here it is a second of it.
  for (let sum = 0, count = 0; count < 5e6; count += 1) sum += Math.sqrt(count);
  await tools.advance(1000);
  const { checks } = await engine.getSystemHealth();
  return checks.find(({ name }) => name === check)?.status === "healthy";
}

/** Who hears of the engine: the daemon that its environment names. */
async function shownTo(unifiedDashboard: boolean): Promise<unknown> {
  const asked = new Set<string>();
  const daemon = createServer((request, response) => {
    asked.add(request.url?.split("?")[0] ?? "");
    response.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  await once(daemon, "listening");
  afterwards(
    () => daemon.close(),
    () => daemon.closeAllConnections(),
  );
  await using collector = await Collector.start();
  const { port } = daemon.address() as AddressInfo;
  setVariables({ SOULMIRROR_ENDPOINT: `http://127.0.0.1:${port}`, SOULMIRROR_TOKEN: "t" });
  if (!unifiedDashboard) setVariables({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  const engine = new InfrastructureReliabilityEngine({ integration: { unifiedDashboard } });
  engine.wrap("chat", { ask: () => 1 }).ask();
  // It goes there at once, if it goes there at all.
  await pause(100);
  const isControlled = (): boolean => asked.has("/api/v1/engine/control");
  if (unifiedDashboard) await until(isControlled, { seen: () => [...asked] });
  await engine.close();
  if (!unifiedDashboard) expect([...asked]).toEqual([]);
  // An endpoint that somebody has set himself counts as before.
  expect(collector.metrics.length > 0).toBe(!unifiedDashboard);
  return [...asked].toSorted();
}

/** How many messages two metrics are. */
async function batchesOf(size: string): Promise<number> {
  await using collector = await Collector.start();
  setVariables({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, METRICS_BATCH_SIZE: size });
  const engine = recordingEngine();
  await engine.close();
  return batchesIn(collector);
}

/** Whether they are there before the engine is closed. */
async function isFlushed(intervalMs: string): Promise<boolean> {
  await using collector = await Collector.start();
  setVariables({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    METRICS_FLUSH_INTERVAL_MS: intervalMs,
  });
  const engine = recordingEngine();
  const isSoon = Number(intervalMs) < 1000;
  await pause(300);
  if (isSoon) await until(() => batchesIn(collector) > 0);
  const count = batchesIn(collector);
  await engine.close();
  return count > 0;
}

function recordingEngine(): InfrastructureReliabilityEngine {
  const engine = new InfrastructureReliabilityEngine();
  const metric = { metricType: "t", metricName: "our.own", unit: "bytes", source: "here" } as const;
  engine.record({ ...metric, value: 1 });
  engine.record({ ...metric, value: 2 });
  return engine;
}

function batchesIn({ requests }: Collector): number {
  return requests.filter(({ message }) => JSON.stringify(message).includes("our.own")).length;
}

/** The streams that are there after a metric. */
async function streamsOf(environment: Readonly<Record<string, string>>): Promise<unknown> {
  await using server = await startRedis();
  setVariables({ REDIS_URL: server.url, ...environment });
  const engine = new InfrastructureReliabilityEngine();
  engine.record({ metricType: "t", metricName: "m", unit: "count", source: "here", value: 1 });
  await engine.close();
  const client = new Redis(server.port, server.host);
  const keys = await client.keys("*");
  client.disconnect();
  return keys;
}

async function timedOutOf(ms: string): Promise<unknown> {
  setVariables({ HEALTH_CHECK_TIMEOUT_MS: ms });
  const tools = new ManualTools();
  const engine = engineOf({}, tools);
  for (const name of engine.health.names()) engine.health.unregister(name);
  engine.health.register("queue", () => new Promise(() => {}));
  await tools.advance(45_000);
  return engine.health.last?.overall;
}

async function toldOf(environment: Readonly<Record<string, string>>): Promise<readonly string[]> {
  setVariables(environment);
  const engine = engineOf({});
  const told: string[] = [];
  engine.on("configuration", ({ message }) => void told.push(message));
  await Promise.resolve();
  return told;
}

async function alertsOf(isSet: boolean): Promise<number> {
  let alerts = 0;
  const server = createServer((_request, response) => {
    alerts += 1;
    response.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  afterwards(
    () => server.close(),
    () => server.closeAllConnections(),
  );
  const { port } = server.address() as AddressInfo;
  if (isSet) setVariables({ ALERT_WEBHOOK_URL: `http://127.0.0.1:${port}/` });
  const engine = new InfrastructureReliabilityEngine({ autoRetry: false });
  const mail = engine.wrap("mail", {
    async send() {
      throw Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    },
  });
  for (let call = 0; call < 9; call += 1) await mail.send().catch(() => {});
  await engine.close();
  return alerts;
}

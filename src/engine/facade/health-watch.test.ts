/** A1, A2, and which checks services get by their settings. */
import { afterEach, expect, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { type EngineOptions, InfrastructureReliabilityEngine } from "../engine.ts";
import type { Notice } from "../events.ts";
import type { HealthStatus } from "../health/index.ts";

const engines: InfrastructureReliabilityEngine[] = [];
afterEach(() => {
  for (const engine of engines.splice(0)) engine.close().catch(() => {});
});

function benchOf(options: EngineOptions = {}) {
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine(options, tools);
  engines.push(engine);
  // The machine that runs the test is not its subject.
  for (const name of engine.health.names()) engine.health.unregister(name);
  const told: Notice[] = [];
  const refused: string[] = [];
  engine.on("health", (notice) => void told.push(notice));
  engine.on("configuration", ({ subject, message }) => void refused.push(`${subject}: ${message}`));
  return { tools, engine, told, refused };
}

test("health is asked for every 30 s without a word, and what changes is told (A2)", async () => {
  const { tools, engine, told } = benchOf({ service: "shop" });
  let status: HealthStatus = "healthy";
  let asked = 0;
  engine.health.register("queue", () => {
    asked += 1;
    return { status, message: "token=abc is there" };
  });
  await tools.advance(29_000);
  expect(asked).toBe(0);
  await tools.advance(62_000);
  expect([asked, told.length]).toEqual([3, 0]);
  status = "degraded";
  await tools.advance(60_000);
  expect(told).toEqual([
    {
      subject: "shop",
      message: "it is degraded: queue is degraded: token=*** is there",
      details: { overall: "degraded", before: "healthy", changed: [["queue", "degraded"]] },
    },
  ]);
  const [issue, ...more] = engine.predictIssues();
  expect(more).toEqual([]);
  expect(issue).toMatchObject({ subject: "queue", kind: "health_check", inMs: 0 });
  expect(issue?.evidence).toEqual({ looks: 2, forMs: expect.any(Number) as number });
  status = "healthy";
  await tools.advance(30_000);
  expect(told.at(-1)?.message).toBe("it is healthy");
  expect(engine.predictIssues()).toEqual([]);
});

test.each([{ healthMonitoring: false }, { engine: false }])(
  "nothing is asked while %o (A1)",
  async (switches) => {
    const { tools, engine } = benchOf({ switches });
    let asked = 0;
    engine.health.register("queue", () => {
      asked += 1;
      return "healthy";
    });
    await tools.advance(120_000);
    expect(asked).toBe(0);
    await engine.close();
  },
);

test("the interval is that of the settings, and ends when the engine is closed", async () => {
  process.env["HEALTH_CHECK_INTERVAL_MS"] = "2000";
  try {
    const { tools, engine } = benchOf();
    let asked = 0;
    engine.health.register("queue", () => {
      asked += 1;
      return "healthy";
    });
    await tools.advance(5000);
    expect(asked).toBe(2);
    await engine.close();
    await tools.advance(10_000);
    expect(asked).toBe(2);
  } finally {
    delete process.env["HEALTH_CHECK_INTERVAL_MS"];
  }
});

test("a health_check that the settings name is asked for of what is only wrapped, too", async () => {
  const { engine } = benchOf();
  const healthCheck = "http://127.0.0.1:1/health";
  engine.wrap("chat", { send() {} }, { healthCheck });
  engine.wrap("chat", { receive() {} });
  engine.registerService("mail", { send() {} }, { healthCheck });
  engine.registerService("mail", { send() {} }, { healthCheck: "custom", check: () => "healthy" });
  expect(engine.health.names()).toEqual(["chat", "mail"]);
  const { checks } = await engine.getSystemHealth();
  expect(checks.map(({ name, status }) => [name, status])).toEqual([
    ["chat", "unhealthy"],
    ["mail", "healthy"],
  ]);
});

test("a bare path without an address, and custom without a check, are told with the fix", () => {
  const { engine, refused } = benchOf();
  engine.wrap("chat", { send() {} }, { healthCheck: "/health" });
  engine.registerService("mail", { send() {} }, { healthCheck: "custom" });
  expect(refused.filter((each) => each.includes("health_check"))).toEqual([
    'chat: the health_check of "chat" is a path, and there is no address; set `address`, or write a URL',
    'mail: the health_check of "mail" is custom, and there is none; hand `check` to registerService',
  ]);
  const address = "http://127.0.0.1:1";
  engine.wrap("files", { read() {} }, { healthCheck: "/health", address });
  expect(engine.health.names()).toEqual(["files"]);
});

test("a check that is only configured, and for which there is no name or no room, stops nobody", () => {
  const { engine, refused } = benchOf();
  engine.health.register("memory", () => "healthy");
  const healthCheck = "http://127.0.0.1:1/health";
  const wrapped = engine.wrap("memory", { read: () => 7 }, { healthCheck });
  engine.wrap("memory", { write() {} }, { healthCheck });
  expect(wrapped.read()).toBe(7);
  const told = refused.filter((each) => each.includes("health_check"));
  expect(told).toEqual([
    'memory: the health_check of "memory" is not asked: there is a health check memory already; unregister it, or take another name',
  ]);
  for (let each = 1; each < 110; each += 1) engine.wrap(`s${each}`, { send() {} }, { healthCheck });
  expect(engine.health.names()).toHaveLength(100);
  expect(refused.at(-1)).toMatch(/^s109: .*there are 100 health checks already/);
  const check = (): "healthy" => "healthy";
  expect(() => engine.registerService("memory", { read() {} }, { check })).toThrow(/already/);
});

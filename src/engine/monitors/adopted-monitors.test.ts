/** M1 to M3, O1, O2: monitors of others in an engine. */
import { EventEmitter } from "node:events";
import { afterEach, expect, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { type EngineOptions, InfrastructureReliabilityEngine } from "../engine.ts";
import type { MonitorFinding, Notice } from "../events.ts";
import type { CheckResult } from "../health/index.ts";

const engines: InfrastructureReliabilityEngine[] = [];
afterEach(() => {
  for (const engine of engines.splice(0)) engine.close().catch(() => {});
});

function benchOf(options: EngineOptions = {}) {
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine(options, tools);
  engines.push(engine);
  for (const name of engine.health.names()) {
    if (!name.startsWith("monitor:")) engine.health.unregister(name);
  }
  const found: MonitorFinding[] = [];
  const told: string[] = [];
  const recovered: Notice[] = [];
  engine.on("monitor", (finding) => void found.push(finding));
  engine.on("configuration", ({ message }) => void told.push(message));
  engine.on("recovery", (notice) => void recovered.push(notice));
  const look = async (): Promise<CheckResult | undefined> => {
    const { checks } = await engine.health.executeAll();
    return checks[0];
  };
  return { tools, engine, found, told, recovered, look };
}

const inWords = ({ monitor, status, source, message }: MonitorFinding): string =>
  `${monitor} ${status} by ${source}: ${message}`;

test("what an emitter tells is a finding, an issue and a health check, until it tells that it is over", async () => {
  const silentErrors = new EventEmitter();
  const { engine, found, look } = benchOf({ monitors: { silentErrors } });
  expect(await look()).toMatchObject({ name: "monitor:silentErrors", status: "healthy" });
  silentErrors.emit("alert", { message: "a promise was swallowed, token=abc" });
  expect(engine.predictIssues()).toMatchObject([
    {
      subject: "monitor:silentErrors",
      kind: "monitor",
      message: "monitor:silentErrors is degraded: a promise was swallowed, token=***",
    },
  ]);
  silentErrors.emit("alert", { severity: "critical", message: "the queue is gone" });
  expect(await look()).toMatchObject({ status: "unhealthy", message: "the queue is gone" });
  silentErrors.emit("recovered");
  expect(await look()).toMatchObject({ status: "healthy" });
  expect(engine.predictIssues()).toEqual([]);
  expect(found.map(inWords)).toEqual([
    "silentErrors degraded by event: a promise was swallowed, token=***",
    "silentErrors unhealthy by event: the queue is gone",
    'silentErrors healthy by event: it told "recovered"',
  ]);
});

test("an alert that nobody takes back is over after five minutes (M3)", async () => {
  const emitter = new EventEmitter();
  const { tools, engine, look } = benchOf({ errorMonitor: emitter });
  emitter.emit("warning", new Error("slow"));
  await tools.advance(299_000);
  expect(await look()).toMatchObject({ name: "monitor:errorMonitor", status: "degraded" });
  expect(engine.predictIssues()[0]?.message).toMatch(/is degraded: slow for 4/);
  await tools.advance(2000);
  expect(await look()).toMatchObject({ status: "healthy" });
});

test("a good answer to a question that was asked after it takes an alert back, and no other (M3)", async () => {
  let said: unknown = { isRunning: true };
  const healthMonitor = Object.assign(new EventEmitter(), { getHealth: () => said });
  const { tools, look } = benchOf({ healthMonitor });
  healthMonitor.emit("unhealthy", "no route");
  await tools.advance(1000);
  expect(await look()).toMatchObject({ status: "unhealthy", message: "no route" });
  said = new Promise((resolve) => tools.timers.after(1000, () => resolve(true)));
  const asked = look();
  await tools.advance(500);
  healthMonitor.emit("unhealthy", "no route again");
  await tools.advance(500);
  expect(await asked).toMatchObject({ status: "unhealthy", message: "no route again" });
  said = { status: "healthy" };
  expect(await look()).toMatchObject({ status: "healthy" });
});

test("an error that nobody listens to is thrown where it is emitted, as before", async () => {
  const emitter = new EventEmitter();
  const { found } = benchOf({ monitors: { emitter } });
  expect(() => emitter.emit("error", new Error("boom"))).toThrow("boom");
  expect(found.map(inWords)).toEqual(["emitter unhealthy by event: boom"]);
});

test("an EventTarget, a function, and an object with any of the usual methods are taken in", async () => {
  const target = new EventTarget();
  const ways = {
    function: () => false,
    check: { check: async () => "degraded" },
    getHealth: { getHealth: () => ({ overall: "unhealthy" }) },
    getStatus: { getStatus: () => ({ healthy: false, reason: "no disk" }) },
    status: { status: () => Promise.reject(new Error("it cannot say")) },
    healthCheck: { healthCheck: () => ({ ok: true }) },
    alerts: { getAlerts: () => [{ severity: "critical", message: "split brain" }] },
    field: { status: "degraded" },
    module: { default: { check: () => ["one thing"] } },
    process: { pid: 2 ** 22 + 5, start() {}, stop() {} },
    stopped: { isRunning: () => false },
    ended: { pid: process.pid, exitCode: 3 },
    target,
  };
  const { engine, found } = benchOf({ monitors: ways });
  target.dispatchEvent(new CustomEvent("incident", { detail: { message: "it burns" } }));
  const { checks } = await engine.health.executeAll();
  const said = checks.map(({ name, status, message = "" }) =>
    `${name} ${status} ${message}`.trim(),
  );
  expect(said).toEqual([
    "monitor:function unhealthy",
    "monitor:check degraded",
    "monitor:getHealth unhealthy",
    "monitor:getStatus unhealthy no disk",
    "monitor:status unhealthy it cannot say",
    "monitor:healthCheck healthy",
    "monitor:alerts unhealthy split brain",
    "monitor:field degraded",
    "monitor:module degraded one thing",
    "monitor:process unhealthy there is no process 4194309",
    "monitor:stopped unhealthy it is not running",
    "monitor:ended unhealthy it has ended with 3",
    "monitor:target unhealthy it burns",
  ]);
  expect(found.filter(({ source }) => source === "check")).toHaveLength(11);
});

test("of a list that only grows what is new counts, for five minutes", async () => {
  const errors = ["one of yesterday"];
  const { tools, look } = benchOf({ monitors: { log: { getErrors: () => errors } } });
  expect(await look()).toMatchObject({ status: "healthy" });
  errors.push("one of now");
  expect(await look()).toMatchObject({ status: "degraded", message: "one of now" });
  await tools.advance(301_000);
  expect(await look()).toMatchObject({ status: "healthy" });
  errors.push("one of now");
  expect(await look()).toMatchObject({ message: "one of now, and 1 more" });
});

test("it is asked every interval, by one at a time, and told once that it hangs, anew each minute (M2)", async () => {
  let asked = 0;
  const hanging = { check: () => ((asked += 1) > 1 ? new Promise(() => {}) : true) };
  const { tools, engine, found } = benchOf({ healthMonitor: hanging });
  await tools.advance(30_000);
  expect([asked, found]).toEqual([1, []]);
  await tools.advance(89_000);
  expect(asked).toBe(2);
  expect(engine.health.last?.checks[0]?.message).toMatch(/still hangs/);
  // Asked at 60 s, taken for lost a minute later, and asked at the interval after that.
  await tools.advance(151_000);
  expect(asked).toBe(5);
  expect(found.map(inWords)).toEqual(["healthMonitor unhealthy by check: it does not answer"]);
});

test("what a monitor says after its answer was lost counts no more (M2)", async () => {
  const answers: ((status: string) => void)[] = [];
  const check = () => new Promise<string>((resolve) => answers.push(resolve));
  const { tools, engine } = benchOf({ healthMonitor: { check } });
  await tools.advance(125_000);
  expect(answers).toHaveLength(2);
  answers[1]?.("healthy");
  await tools.settle();
  answers[0]?.("unhealthy");
  await tools.settle();
  expect(engine.monitors).toMatchObject([{ status: "healthy" }]);
});

test("who heals it and who looks at its health ask it by one at a time (M2)", async () => {
  let underWay = 0;
  let most = 0;
  let restarts = 0;
  const bench = benchOf();
  bench.engine.adoptMonitor(
    "slow",
    {
      async check() {
        underWay += 1;
        most = Math.max(most, underWay);
        await new Promise<void>((resolve) => bench.tools.timers.after(2000, resolve));
        underWay -= 1;
        return false;
      },
      restart: () => (restarts += 1),
    },
    { restart: true },
  );
  await bench.tools.advance(300_000);
  expect(restarts).toBeGreaterThan(1);
  expect(most).toBe(1);
});

test("a flood is counted, told once, and costs its sender no error (M1)", async () => {
  const emitter = new EventEmitter();
  const { tools, engine, found } = benchOf({ monitors: { emitter } });
  for (let count = 0; count < 10_000; count += 1) emitter.emit("alert", `alert ${count}`);
  expect(found).toHaveLength(20);
  expect(found.at(-1)?.message).toBe("alert 19; it tells too much, further ones are only counted");
  expect(engine.monitors).toMatchObject([{ name: "emitter", alerts: 10_000, status: "degraded" }]);
  await tools.advance(10_000);
  emitter.emit("alert", "later");
  expect(found).toHaveLength(21);
});

test("nothing of a monitor is replaced, and who throws harms nobody (M1)", async () => {
  const throwing = {
    on() {
      throw new Error("no listeners here");
    },
    off() {},
    getHealth() {
      throw new Error("broken");
    },
  };
  const emitter = Object.assign(new EventEmitter(), { getStatus: () => ({ isRunning: true }) });
  const methods = (): readonly unknown[] =>
    ["on", "emit", "getStatus"].map((name) => Reflect.get(emitter, name) as unknown);
  const [names, before] = [Object.getOwnPropertyNames(emitter), methods()];
  const { engine, told, look } = benchOf({ monitors: { throwing, emitter } });
  emitter.emit("alert", "at first");
  expect(await look()).toMatchObject({ status: "unhealthy", message: "broken" });
  await look();
  expect(told.filter((each) => each.startsWith("monitor:throwing"))).toEqual([
    "monitor:throwing: it cannot be listened to: no listeners here",
  ]);
  const terrible = {
    get message(): string {
      throw new Error("no message");
    },
  };
  expect(() => emitter.emit("alert", terrible)).not.toThrow();
  expect(engine.predictIssues().map(({ message }) => message)).toEqual([
    "monitor:throwing is unhealthy: broken",
    'monitor:emitter is degraded: it told "alert"',
  ]);
  expect(Object.getOwnPropertyNames(emitter)).toEqual(names);
  expect(methods()).toEqual(before);
});

test("who lets go of one leaves it as it was (O2)", async () => {
  const emitter = new EventEmitter();
  const { engine, found } = benchOf();
  const letGo = engine.adoptMonitor("later", emitter);
  expect(() => engine.adoptMonitor("later", emitter)).toThrow('there is a monitor "later" already');
  expect(engine.health.names()).toEqual(["monitor:later"]);
  letGo();
  emitter.emit("alert");
  expect([emitter.eventNames(), engine.health.names(), engine.monitors, found]).toEqual([
    [],
    [],
    [],
    [],
  ]);
  engine.adoptMonitor("later", emitter);
  await engine.close();
  expect(emitter.eventNames()).toEqual([]);
});

test.each([{ integration: { enhanceExistingMonitors: false } }, { switches: { engine: false } }])(
  "it is only listed while %o (O1)",
  async (options) => {
    const emitter = Object.assign(new EventEmitter(), { check: () => false });
    const { engine, found } = benchOf({ ...options, monitors: { emitter } });
    emitter.emit("alert");
    expect([emitter.eventNames(), engine.health.names(), found]).toEqual([[], [], []]);
    expect(engine.monitors).toMatchObject([
      { name: "emitter", isHeard: false, ways: ["asked", "heard"] },
    ]);
  },
);

test("a daemon that is ill by its own answer is begun anew; one that tells of others is not", async () => {
  let isRunning = false;
  let starts = 0;
  const daemon = Object.assign(new EventEmitter(), {
    isRunning: () => isRunning,
    stop() {},
    start() {
      starts += 1;
      isRunning = true;
    },
  });
  const { tools, engine, recovered } = benchOf({ daemons: { heartbeat: daemon } });
  await tools.advance(40_000);
  expect([starts, recovered.map(({ message }) => message)]).toEqual([
    1,
    ["monitor:heartbeat is well again: restart has healed it"],
  ]);
  daemon.emit("critical", "the loop of another one is dead");
  await tools.advance(60_000);
  expect(engine.health.last?.overall).toBe("unhealthy");
  expect(starts).toBe(1);
});

test("a daemon is begun anew only where recovery may act, a monitor not at all", async () => {
  let starts = 0;
  const dead = { isRunning: false, restart: () => (starts += 1) };
  const watched = benchOf({ mode: "monitor", daemons: { dead } });
  const { tools } = benchOf({ monitors: { dead } });
  await watched.tools.advance(60_000);
  await tools.advance(60_000);
  expect(starts).toBe(0);
  expect(watched.recovered[0]?.message).toBe("restart would have been tried for monitor:dead");
});

test("the settings of a daemon are those of its check: they hold for it, and are no other service's", async () => {
  let starts = 0;
  const dead = { isRunning: false, restart: () => (starts += 1) };
  const services = { "monitor:dead": { mode: "shadow" } } as const;
  const { tools, engine, recovered } = benchOf({ daemons: { dead }, services });
  await tools.advance(60_000);
  expect(starts).toBe(0);
  expect(recovered[0]?.message).toBe("restart would have been tried for monitor:dead");
  expect(engine.explain().unused).toEqual([]);
});

test("what cannot be a monitor is told with its name and the fix", async () => {
  class HealthMonitor {
    readonly status = "healthy";
  }
  expect(() => benchOf({ monitors: { health: HealthMonitor } })).toThrow(
    "createEngine: monitors.health: it is a class, and not a monitor",
  );
  expect(() => benchOf({ monitors: { same: () => true }, daemons: { same: () => true } })).toThrow(
    'there are two monitors with the name "same"',
  );
  const { told, engine } = benchOf({ monitors: { empty: { debug: () => {} } } });
  await Promise.resolve();
  expect(told).toEqual([
    "monitor:empty: it cannot be asked and tells nothing: hand in what has check(), getHealth() or getStatus(), or emits alerts",
  ]);
  expect(engine.health.names()).toEqual([]);
  const strange = benchOf({ monitors: { strange: () => "blue" } });
  await strange.look();
  await strange.look();
  expect(strange.told).toEqual(['monitor:strange: it says "blue", which does not say how it is']);
});

test("how it was at each look, and how often it told, are metrics of the service", async () => {
  const recorded: string[] = [];
  const emitter = new EventEmitter();
  const { engine, look } = benchOf({ monitors: { emitter } });
  engine.record = ({ metricName, value, tags }) =>
    void recorded.push(`${metricName} ${value} ${tags?.["monitor"]}`);
  emitter.emit("alert");
  emitter.emit("alert");
  await look();
  await look();
  const ofMonitors = recorded.filter((line) => line.startsWith("soulmirror.monitor."));
  expect(ofMonitors).toEqual([
    "soulmirror.monitor.status 1 emitter",
    "soulmirror.monitor.alerts 2 emitter",
    "soulmirror.monitor.status 1 emitter",
  ]);
});

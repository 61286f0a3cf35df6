/** Supervision end to end: processes die, hang, crash and meet a port that is taken. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import {
  type ActionRow,
  type FailureRow,
  type Incident,
  isFinished,
} from "../../src/model/index.ts";
import { FleetBench } from "./fleet-bench.ts";
import { Stranger } from "./stranger.ts";

const url = (port: number): string => `http://127.0.0.1:${port}/health`;

describe("a process dies", () => {
  let bench: FleetBench;
  let port = 0;
  let policyPort = 0;

  beforeAll(async () => {
    [port, policyPort] = [await freePort(), await freePort()];
    bench = await FleetBench.up((made) => ({
      services: {
        // No port and no probe: only its process can be seen.
        upper: made.toy("upper", { depends_on: ["base"] }),
        base: made.toy("base", { env: { PORT: port }, health_check: url(port) }),
        failing: made.toy("failing", {
          restart: "on-failure",
          env: { PORT: policyPort },
          startup: url(policyPort),
        }),
      },
    }));
  });
  afterAll(() => bench[Symbol.asyncDispose]());

  test("what is needed is started first, and must be well before the next", async () => {
    const entries = (await bench.journal()).map(({ entry }) => entry);
    const [base, upper] = ["instance/base.1", "instance/upper.1"].map((resource) =>
      entries.findIndex((entry) => entry.kind === "plan" && entry.plan.resource === resource),
    );
    const started = entries.findIndex(
      (entry) => entry.kind === "process_started" && entry.run.resource === "instance/base.1",
    );
    expect([base, started, upper].toSorted((a, b) => (a ?? 0) - (b ?? 0))).toEqual([
      base,
      started,
      upper,
    ]);
  });

  test("a killed process is healed, and every step is written before the next", async () => {
    const before = await bench.pidOf("base");
    process.kill(before, "SIGKILL");
    const { incident } = await bench.entry(
      "incident",
      (entry) => entry.incident.state.kind === "resolved",
    );
    expect(await bench.pidOf("base")).not.toBe(before);
    const entries = (await bench.journal()).map(({ entry }) => entry);
    const kinds = entries
      .slice(entries.findIndex(({ kind }) => kind === "failure_raised"))
      .map((entry) =>
        entry.kind === "action" ? `action ${entry.action.status.kind}` : entry.kind,
      );
    const order = [
      "failure_raised",
      "plan",
      "action initiated",
      "action in_progress",
      "process_started",
      "action succeeded",
      "verdict",
      "failure_resolved",
    ];
    expect(kinds.filter((kind, at) => order.includes(kind) && kinds.indexOf(kind) === at)).toEqual(
      order,
    );
    const [failure] = await bench.get<FailureRow[]>("/api/v1/failures?limit=1");
    const [action] = await bench.get<ActionRow[]>("/api/v1/actions?limit=1");
    expect(failure).toMatchObject({
      eventId: incident.failures[0],
      failureType: "process_exited",
      resolved: true,
    });
    expect(action).toMatchObject({
      failureEventId: failure?.id,
      actionStrategy: "restart",
      status: "succeeded",
      automated: true,
    });
    const [row] = await bench.get<Incident[]>("/api/v1/incidents?limit=1");
    expect(row).toMatchObject({ id: incident.id, state: { kind: "resolved" } });
    expect(await bench.pidOf("upper")).toBeGreaterThan(0);
  });

  test("an exit by code 0 is healed only where the policy is always", async () => {
    await fetch(`http://127.0.0.1:${policyPort}/exit?code=0`);
    await bench.state("failing", "stopped");
    expect((await bench.service("failing")).restarts).toBe(0);
  });

  test("a person starts it again, and now it fails: that is healed", async () => {
    await bench.post("/api/v1/services/failing/start");
    await bench.state("failing", "healthy");
    const before = await bench.pidOf("failing");
    await fetch(`http://127.0.0.1:${policyPort}/exit?code=3`);
    await bench.until(
      async () => ![before, undefined].includes((await bench.pidsOf("failing"))[0]),
      "a new one",
    );
    await bench.state("failing", "healthy");
  });
});

test("a job that fails is an incident for a person, until it was started again and ended well", async () => {
  await using bench = new FleetBench();
  const script = join(bench.folder, "job.mjs");
  writeFileSync(script, "process.exit(2);");
  const job = { command: [process.execPath, script], cwd: bench.folder, restart: "never" };
  bench.declare({ services: { job, upper: bench.toy("upper", { depends_on: ["job"] }) } });
  await bench.start();
  const { incident } = await bench.entry("incident", (each) => {
    return each.incident.state.kind === "escalated";
  });
  expect(JSON.stringify(incident.state)).toContain("its restart policy is never");
  expect(await bench.service("job")).toMatchObject({ state: "unhealthy", restarts: 0 });
  const [instance] = (await bench.service("job")).instances;
  expect(instance?.reason).toMatch(/^the process exited with code 2 .*policy is never$/);
  await bench.state("upper", "healthy");
  writeFileSync(script, "");
  expect((await bench.post("/api/v1/services/job/start")).status).toBe(202);
  await bench.state("job", "stopped");
  expect((await bench.service("job")).instances).toMatchObject([
    { reason: "its work is done (code 0)" },
  ]);
  await bench.until(
    async () => (await bench.get<Incident[]>("/api/v1/incidents?live=true")).length === 0,
    "the incident is over",
  );
  expect(await bench.service("job")).toMatchObject({ state: "stopped", rests: true });
  const { status } = await bench.get<{ status: string }>("/health");
  expect(status).toBe("pass");
});

describe("a process hangs", () => {
  test("one that is stopped is killed and started anew", async () => {
    const port = await freePort();
    await using bench = await FleetBench.up((made) => ({
      services: { deaf: made.toy("deaf", { env: { PORT: port }, health_check: url(port) }) },
    }));
    const before = await bench.pidOf("deaf");
    process.kill(before, "SIGSTOP");
    const { failure } = await bench.entry("failure_raised", () => true);
    expect(failure.type).toBe("hang");
    await bench.entry("verdict", ({ verdict }) => verdict.healed);
    expect(await bench.pidOf("deaf")).not.toBe(before);
  });

  test("of one whose loop is blocked the blocking function is noted before it is killed", async () => {
    const port = await freePort();
    await using bench = await FleetBench.up((made) => ({
      services: { deaf: made.toy("deaf", { env: { PORT: port }, health_check: url(port) }) },
    }));
    await fetch(`http://127.0.0.1:${port}/block`);
    await bench.entry("verdict", ({ verdict }) => verdict.healed);
    const actions = await bench.entries("action");
    const healing = actions.findLast(
      ({ action }) => action.plan.cause.kind === "failure" && isFinished(action),
    );
    expect(JSON.stringify(healing?.action.done)).toContain("countForever");
  });
});

describe("a process crashes and crashes", () => {
  test("it waits longer each time, is given up, and begins again with another configuration", async () => {
    const port = await freePort();
    await using bench = new FleetBench();
    const fleet = (version: string) => ({
      budgets: { crashes: 4, per_resource: 20, cool_down: "200ms", healthy_run: "30s" },
      services: {
        ill: bench.toy("ill", { env: { PORT: port, VERSION: version }, health_check: url(port) }),
      },
    });
    bench.declare(fleet("1"));
    bench.tell("ill", "broken", "yes");
    await bench.start();
    await bench.state("ill", "quarantined");
    const journal = await bench.journal();
    const starts = journal
      .filter(({ entry }) => entry.kind === "process_started")
      .map(({ at }) => at);
    const gaps = starts.slice(1).map((at, index) => at - (starts[index] ?? 0));
    expect(starts).toHaveLength(4);
    // No delay, then 250 and 500 ms, less the jitter of a fifth.
    expect(gaps[1]).toBeGreaterThanOrEqual(200);
    expect(gaps[2]).toBeGreaterThanOrEqual(400);
    const [incident] = await bench.get<Incident[]>("/api/v1/incidents?live=true");
    expect(incident?.state.kind).toBe("escalated");
    bench.tell("ill", "broken", undefined);
    bench.declare(fleet("2"));
    await bench.state("ill", "healthy");
    await bench.settled();
  });

  test("it is given up, and begins again when a person starts it", async () => {
    await using bench = new FleetBench();
    const fleet = {
      budgets: { crashes: 2, cool_down: "200ms" },
      services: { ill: bench.toy("ill") },
    };
    bench.declare(fleet);
    bench.tell("ill", "broken", "yes");
    await bench.start();
    await bench.state("ill", "quarantined");
    bench.tell("ill", "broken", undefined);
    expect((await bench.post("/api/v1/services/ill/start")).status).toBe(202);
    await bench.state("ill", "healthy");
    await bench.settled();
  });

  test("it is given up, and begins again when its program is another one", async () => {
    await using bench = new FleetBench();
    const script = join(bench.folder, "ill.mjs");
    writeFileSync(script, "process.exit(1);");
    const ill = { command: [process.execPath, script], cwd: bench.folder };
    bench.declare({ budgets: { crashes: 2, cool_down: "200ms" }, services: { ill } });
    await bench.start();
    await bench.state("ill", "quarantined");
    writeFileSync(script, `import "./toy.mjs";`);
    await bench.state("ill", "healthy");
  });
});

test("what dies as soon as it is started is started again, after the pauses of crashes and no later", async () => {
  await using bench = new FleetBench();
  const count = join(bench.folder, "count");
  const script = join(bench.folder, "fourth-time.sh");
  writeFileSync(script, `echo x >> ${count}; [ $(wc -l < ${count}) -gt 3 ] && exec sleep 600\n`);
  const ill = { command: ["/bin/sh", script], cwd: bench.folder };
  bench.declare({ services: { ill } });
  await bench.start();
  await bench.until(async () => (await bench.pidsOf("ill"))[0] !== undefined, "it runs");
  await bench.until(() => readFileSync(count, "utf8").length === 8, "it was started four times");
  // Which of the two is seen first depends on when the look comes.
  const saysWhy = /has ended already|exits in a row/;
  await bench.entry("verdict", ({ verdict }) => !verdict.healed && saysWhy.test(verdict.reason));
});

test("another port in the fleet file ends the wait for one that a stranger holds", async () => {
  using stranger = await Stranger.at();
  const free = await freePort();
  await using bench = new FleetBench();
  const late = (port: number) => ({
    services: { late: bench.toy("late", { env: { PORT: port }, health_check: url(port) }) },
  });
  bench.declare(late(stranger.port));
  await bench.start();
  await bench.entry("plan", ({ plan }) => plan.strategy === "wait_for_port");
  bench.declare(late(free));
  await bench.settled();
  expect(await (await fetch(`http://127.0.0.1:${free}/health`)).text()).toBe("200");
});

test("a port that a stranger holds is told with its holder, and taken when it is free", async () => {
  using stranger = await Stranger.at();
  const { port } = stranger;
  await using bench = new FleetBench();
  bench.declare({
    services: { late: bench.toy("late", { env: { PORT: port }, health_check: url(port) }) },
  });
  await bench.start();
  const { failure } = await bench.entry("failure_raised", () => true);
  expect(failure.type).toBe("port_conflict");
  expect(failure.reason).toContain(String(process.pid));
  expect((await bench.entries("process_started")).length).toBe(0);
  stranger.leave();
  await bench.settled();
  expect((await bench.entries("failure_raised")).map((entry) => entry.failure.type)).toEqual([
    "port_conflict",
  ]);
});

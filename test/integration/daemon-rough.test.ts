/** Several things at once: what dies while something else is being done, or while nobody looks. */

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import type { Incident } from "../../src/model/index.ts";
import { FleetBench } from "./fleet-bench.ts";
import { frontUnderLoad } from "./fleet-front.ts";

const url = (port: number): string => `http://127.0.0.1:${port}/health`;

test("of two instances one is killed again and again, and no request is lost", async () => {
  await using stack = new AsyncDisposableStack();
  const { bench, load } = await frontUnderLoad(stack, { instances: 2 });
  for (let round = 0; round < 3; round += 1) {
    const before = await bench.pidsOf("shop");
    process.kill(before[0] ?? 0, "SIGKILL");
    await bench.until(async () => {
      const now = await bench.pidsOf("shop");
      return now.length === 2 && !now.includes(before[0] ?? 0);
    }, "two run again");
    await bench.state("shop", "healthy");
  }
  await bench.settled();
  expect(load.failures).toEqual([]);
});

test("the fleet file changes while no daemon lives: the next one renews without a lost request", async () => {
  await using stack = new AsyncDisposableStack();
  const { bench, load, declare } = await frontUnderLoad(stack, { instances: 2 });
  await bench.end("SIGKILL");
  declare({ instances: 2, env: { VERSION: "2" } });
  await bench.start();
  await bench.until(() => load.seenSince("2", 20), "version 2 answers");
  await bench.settled();
  expect(load.failures).toEqual([]);
  expect(await bench.entries("failure_raised")).toEqual([]);
});

test("a service that leaves the fleet file while no daemon lives is stopped by the next one", async () => {
  await using bench = await FleetBench.up((made) => ({
    services: { one: made.toy("one"), two: made.toy("two") },
  }));
  const two = await bench.pidOf("two");
  await bench.end("SIGKILL");
  bench.declare({ services: { one: bench.toy("one") } });
  await bench.start();
  await bench.until(() => !bench.lives(two), "two is stopped");
});

test("a daemon that dies in the middle of a renewal leaves one process of each instance in the end", async () => {
  await using stack = new AsyncDisposableStack();
  const { bench, load, declare } = await frontUnderLoad(stack);
  bench.tell("shop2", "hold", "yes");
  declare({ env: { NAME: "shop2", VERSION: "2" } });
  await bench.entry(
    "action",
    ({ action }) =>
      action.plan.strategy === "apply_config" &&
      action.status.kind === "in_progress" &&
      action.status.step === 1,
  );
  await bench.end("SIGKILL");
  bench.tell("shop2", "hold", undefined);
  await bench.start();
  await bench.until(() => load.seenSince("2", 20), "version 2 answers");
  await bench.settled();
  await bench.until(() => bench.living().length === 1, "one process is left");
  expect(load.failures).toEqual([]);
});

test("the daemon and the front proxy die together", async () => {
  await using stack = new AsyncDisposableStack();
  const { bench, port } = await frontUnderLoad(stack);
  const proxy = await bench.proxy();
  await bench.end("SIGKILL");
  process.kill(proxy?.pid ?? 0, "SIGKILL");
  const before = bench.living();
  await bench.start();
  await bench.settled();
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  expect(bench.living()).toEqual(before);
});

test("the daemon dies while the front proxy hangs: the next one comes up and replaces it", async () => {
  await using stack = new AsyncDisposableStack();
  const { bench, port } = await frontUnderLoad(stack);
  const proxy = await bench.proxy();
  await bench.end("SIGKILL");
  process.kill(proxy?.pid ?? 0, "SIGSTOP");
  const before = bench.living();
  await bench.start();
  await bench.entry("verdict", ({ verdict }) => verdict.healed && verdict.action !== undefined);
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  await bench.settled();
  expect(bench.living()).toEqual(before);
}, 120_000);

test("a front proxy that is stopped is replaced", async () => {
  await using stack = new AsyncDisposableStack();
  const { bench, port } = await frontUnderLoad(stack);
  const proxy = await bench.proxy();
  process.kill(proxy?.pid ?? 0, "SIGSTOP");
  await bench.entry("verdict", ({ verdict }) => verdict.healed && verdict.action !== undefined);
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  await bench.settled();
});

test("a daemon that was stopped for a while finds nothing wrong afterwards", async () => {
  await using stack = new AsyncDisposableStack();
  const { bench, load } = await frontUnderLoad(stack, { instances: 2 });
  const before = await bench.pidsOf("shop");
  bench.daemon.kill("SIGSTOP");
  // Longer than any look may take, so that all of them are late.
  await pause(1500);
  const answered = load.answers;
  bench.daemon.kill("SIGCONT");
  await bench.until(() => load.answers > answered + 100, "it has looked many times since");
  expect(await bench.entries("failure_raised")).toEqual([]);
  expect(await bench.pidsOf("shop")).toEqual(before);
  expect(load.failures).toEqual([]);
});

test("a person restarts what others need: nothing is done to those", async () => {
  const [base, left] = [await freePort(), await freePort()];
  await using bench = await FleetBench.up((made) => ({
    services: {
      base: made.toy("base", { env: { PORT: base }, health_check: url(base) }),
      left: made.toy("left", {
        depends_on: ["base"],
        startup: { tcp: left },
        env: { PORT: left, NEEDS: url(base) },
        health_check: url(left),
      }),
    },
  }));
  const before = await bench.pidOf("left");
  bench.tell("base", "hold", "yes");
  await bench.post("/api/v1/services/base/restart");
  await pause(2500);
  bench.tell("base", "hold", undefined);
  await bench.settled();
  expect(await bench.pidOf("left")).toBe(before);
  expect(await bench.get<Incident[]>("/api/v1/incidents")).toEqual([]);
});

test("what is in the emergency file when the daemon dies too comes into the store later", async () => {
  await using bench = await FleetBench.up((made) => ({ services: { lone: made.toy("lone") } }));
  const thief = new DatabaseSync(join(bench.data, "soulmirror.db"));
  bench.teardown.defer(() => thief.close());
  thief.exec("BEGIN IMMEDIATE");
  const before = await bench.pidOf("lone");
  process.kill(before, "SIGKILL");
  await bench.until(
    async () => ![before, undefined].includes((await bench.pidsOf("lone"))[0]),
    "it is healed",
  );
  const healed = await bench.pidOf("lone");
  await bench.until(
    async () => (await bench.get<unknown[]>("/api/v1/actions/under-way")).length === 0,
    "nothing is under way",
  );
  await bench.end("SIGKILL");
  await bench.start();
  await bench.until(async () => (await bench.pidsOf("lone"))[0] === healed, "it is taken over");
  thief.exec("ROLLBACK");
  await bench.until(
    async () => {
      const { journal } = await bench.get<{ journal: { kept: string } }>("/api/v1/overview");
      return journal.kept === "store";
    },
    "the store is back",
    40_000,
  );
  await bench.settled();
  expect((await bench.entries("failure_raised")).length).toBe(1);
  expect((await bench.entries("process_started")).length).toBe(3);
  expect(await bench.entries("gap")).toEqual([]);
});

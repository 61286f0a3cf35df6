/** The fleet file changes while the fleet runs and is asked for answers. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FleetBench } from "./fleet-bench.ts";
import { frontUnderLoad } from "./fleet-front.ts";

test("another probe takes effect without a restart, another environment without a lost request", async () => {
  await using stack = new AsyncDisposableStack();
  const { bench, load, declare } = await frontUnderLoad(stack, { instances: 2 }, "POST");
  const before = await bench.pidsOf("shop");
  declare({ instances: 2, health_check: { http: "/health", interval: "300ms" } });
  await bench.until(async () => (await bench.entries("fleet_loaded")).length === 2, "it is loaded");
  expect((await bench.entries("plan")).filter(({ plan }) => plan.strategy !== "start")).toEqual([]);
  expect(await bench.pidsOf("shop")).toEqual(before);

  declare({
    instances: 2,
    health_check: { http: "/health", interval: "300ms" },
    env: { VERSION: "2" },
  });
  await bench.until(() => load.seenSince("2", 20), "version 2 answers");
  await bench.until(
    async () => (await bench.pidsOf("shop")).every((pid) => !before.includes(pid)),
    "all are new",
  );
  await bench.settled();
  expect(load.failures).toEqual([]);
  const renewals = (await bench.entries("plan")).filter(
    ({ plan }) => plan.strategy === "apply_config",
  );
  expect(renewals).toHaveLength(2);
  expect(await bench.entries("failure_raised")).toEqual([]);
});

test("SIGHUP loads at once; a file with errors is refused, and the last good one goes on", async () => {
  await using stack = new AsyncDisposableStack();
  const { bench, declare } = await frontUnderLoad(stack);
  const before = await bench.pidOf("shop");
  declare({ timeout: "7s" });
  bench.daemon.kill("SIGHUP");
  await bench.entry("fleet_loaded", ({ changes }) => changes.join().includes("timeout"));

  writeFileSync(bench.fleetFile, "services: { shop: { comand: node x.js } }");
  bench.daemon.kill("SIGHUP");
  const { errors } = await bench.entry("fleet_refused", () => true);
  expect(errors.join()).toContain("comand");
  const { changes } = await bench.get<{ changes: string[] }>("/api/v1/config/diff");
  expect(changes.join()).toContain("refused");
  expect(await bench.pidOf("shop")).toBe(before);

  declare({ timeout: "9s" });
  const pending = await bench.get<{ changes: string[] }>("/api/v1/config/diff");
  expect(pending.changes.join()).toContain("timeout");
  await bench.entry("fleet_loaded", ({ changes: lines }) => lines.join().includes("9"));
  process.kill(before, "SIGKILL");
  await bench.entry("verdict", ({ verdict }) => verdict.healed);
});

test("a file that is written bit by bit takes effect as a whole, and an emptied one not at all", async () => {
  await using bench = await FleetBench.up((each) => ({
    services: { shop: each.toy("shop"), other: each.toy("other") },
  }));
  const before = [await bench.pidOf("shop"), await bench.pidOf("other")];
  const file = bench.fleetFile;
  const whole = readFileSync(file, "utf8");
  const fleet = JSON.parse(whole) as { services: { other: unknown } };
  const { other: _, ...rest } = fleet.services;
  const begun = JSON.stringify({ ...fleet, services: rest });
  for (let round = 0; round < 3000; round += 1) {
    writeFileSync(file, round % 2 === 0 ? "" : begun);
    if (round % 50 === 0) bench.daemon.kill("SIGHUP");
  }
  writeFileSync(file, whole);
  bench.daemon.kill("SIGHUP");
  writeFileSync(file, JSON.stringify({ ...fleet, budgets: { per_resource: 7 } }));
  bench.daemon.kill("SIGHUP");
  const { changes } = await bench.entry("fleet_loaded", (each) => each.changes.length > 0);
  expect(changes.join()).not.toContain("service/");

  writeFileSync(file, "");
  bench.daemon.kill("SIGHUP");
  const { errors } = await bench.entry("fleet_refused", () => true);
  expect(errors.join()).toContain("it is empty, and a fleet is running");
  expect([await bench.pidOf("shop"), await bench.pidOf("other")]).toEqual(before);
});

test("services come and go, and instances become more and fewer, without a lost request", async () => {
  await using stack = new AsyncDisposableStack();
  const { bench, load, port, declare } = await frontUnderLoad(stack, {}, "POST");
  const [first] = await bench.pidsOf("shop");
  declare({ instances: 2 });
  await bench.until(async () => (await bench.pidsOf("shop")).length === 2, "two run");
  await bench.until(() => load.processes.size === 2, "both answer");
  await bench.settled();
  declare({});
  await bench.until(
    async () => (await bench.service("shop")).instances.length === 1,
    "one is left",
  );
  expect(await bench.pidsOf("shop")).toEqual([first]);
  expect(load.failures).toEqual([]);

  bench.declare({
    services: {
      shop: bench.toy("shop", { listen: port, health_check: "/health" }),
      extra: bench.toy("extra"),
    },
  });
  await bench.until(
    async () => (await bench.pidsOf("extra").catch(() => [])).length === 1,
    "extra runs",
  );
  const extra = await bench.pidOf("extra");
  declare({});
  await bench.until(() => !bench.lives(extra), "extra is stopped");
  expect((await bench.get<unknown[]>("/api/v1/services")).length).toBe(1);
  expect(await bench.entries("failure_raised")).toEqual([]);
  expect(load.failures).toEqual([]);
});

test("a configuration whose process does not start is taken back; the old process goes on", async () => {
  await using stack = new AsyncDisposableStack();
  const { bench, load, declare } = await frontUnderLoad(stack, { start: { timeout: "3s" } });
  const before = await bench.pidOf("shop");
  declare({ start: { timeout: "3s" }, env: { NAME: "broken-shop" } });
  bench.tell("broken-shop", "broken", "yes");
  const isOver = ({
    action,
  }: {
    action: { plan: { strategy: string }; status: { kind: string } };
  }) =>
    action.plan.strategy === "apply_config" &&
    ["failed", "rolled_back"].includes(action.status.kind);
  await bench.entry("action", isOver);
  expect(await bench.pidOf("shop")).toBe(before);
  await bench.settled();
  const attempts = (await bench.entries("plan")).filter(
    ({ plan }) => plan.strategy === "apply_config",
  );
  expect(attempts).toHaveLength(1);
  // The next declaration is tried again.
  declare({ start: { timeout: "3s" }, env: { VERSION: "3" } });
  await bench.until(() => load.seenSince("3", 5), "version 3 answers");
  expect(load.failures).toEqual([]);
});

test("a changed file heals what is ill, though nobody has approved anything", async () => {
  await using stack = new AsyncDisposableStack();
  const asking = { approve: { restart: "always", drain_restart: "always" } };
  const { bench, declare } = await frontUnderLoad(stack, asking);
  bench.tell("shop", "health", "500");
  const { action } = await bench.entry(
    "action",
    (each) => each.action.status.kind === "waiting_for_approval",
  );
  declare({ ...asking, env: { NAME: "mended-shop" } });
  await bench.entry("verdict", ({ verdict }) => verdict.healed);
  const ended = (await bench.entries("action")).findLast((each) => each.action.id === action.id);
  expect(ended?.action.answer).toEqual({ kind: "withdrawn" });
  const begun = (await bench.entries("plan")).map(({ plan }) => plan.strategy);
  expect(begun).toEqual(["start", action.plan.strategy, "apply_config"]);
});

test("a name that is added to api.hosts counts at once, and needs the token", async () => {
  await using bench = await FleetBench.up((made) => ({ services: { lone: made.toy("lone") } }));
  const token = readFileSync(join(bench.data, "token"), "utf8").trim();
  const statusUnder = (host: string, more: Readonly<Record<string, string>> = {}) =>
    new Promise<number | undefined>((resolve, reject) => {
      const url = `http://127.0.0.1:${bench.port}/api/v1/services`;
      get(url, { headers: { host, ...more } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).on("error", reject);
    });
  expect(await statusUnder("shop.example")).toBe(403);
  bench.declare({ api: { hosts: "shop.example" }, services: { lone: bench.toy("lone") } });
  await bench.until(async () => (await statusUnder("shop.example")) !== 403, "it is ours");
  expect(await statusUnder("shop.example")).toBe(401);
  expect(await statusUnder("shop.example", { authorization: `Bearer ${token}` })).toBe(200);
  expect(await statusUnder("other.example")).toBe(403);
});

test("a disk that does not take the new specification keeps the fleet from nothing", async () => {
  // A word that is too long for the name of a file, as a script on the command line may be.
  await using bench = await FleetBench.up((made) => ({ services: { lone: long(made, "1") } }));
  const specs = join(bench.data, "specs");
  rmSync(specs, { recursive: true });
  writeFileSync(specs, "a folder cannot be here");
  const before = await bench.pidOf("lone");
  bench.declare({ services: { lone: long(bench, "2") } });
  bench.daemon.kill("SIGHUP");
  await bench.until(async () => {
    const [pid] = await bench.pidsOf("lone");
    return pid !== undefined && pid !== before;
  }, "the new one runs");
  expect(bench.daemon.exitCode).toBeNull();
  expect(bench.daemonLog()).toContain("will not know what the services were started with");

  rmSync(specs);
  mkdirSync(specs, { mode: 0o700 });
  bench.declare({ mode: "limited", services: { lone: long(bench, "2") } });
  bench.daemon.kill("SIGHUP");
  await bench.until(() => readdirSync(specs).length === 1, "what was refused is kept now");
});

function long(bench: FleetBench, version: string): object {
  const { command, ...rest } = bench.toy("lone", { env: { VERSION: version } });
  return { ...rest, command: [...(command as readonly string[]), "x".repeat(300)] };
}

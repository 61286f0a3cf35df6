/** One strategy after another, each proven or taken back; what cannot be taken back asks first. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import { type ActionRow, type Incident, shownOrigin, shownState } from "../../src/model/index.ts";
import { FleetBench, type FleetText } from "./fleet-bench.ts";

interface Waiting {
  readonly id: string;
  readonly state: string;
  readonly strategy: string;
  readonly irreversible: boolean;
  readonly steps: readonly string[];
}

async function shop(more: FleetText, fleet: FleetText = {}): Promise<FleetBench> {
  const port = await freePort();
  return await FleetBench.up((bench) => ({
    ...fleet,
    services: {
      shop: bench.toy("shop", {
        env: { PORT: port },
        health_check: `http://127.0.0.1:${port}/health`,
        ...more,
      }),
    },
  }));
}

test("what did not help is undone before the next strategy, and the one that helped is proven", async () => {
  await using bench = await shop({
    commands: {
      vain: { command: "touch tried", undo: "mv tried undone" },
      mend: { command: "rm shop.health", undo: "true" },
    },
    recovery_strategy: ["command:vain", "command:mend"],
  });
  const before = await bench.pidOf("shop");
  bench.tell("shop", "health", "500");
  const { verdict } = await bench.entry("verdict", (each) => each.verdict.healed);
  const entries = (await bench.journal()).map(({ entry }) => entry);
  const story = entries.flatMap((entry) => {
    if (entry.kind === "verdict") return [entry.verdict.healed ? "healed" : "not healed"];
    if (entry.kind !== "action" || entry.action.plan.cause.kind !== "failure") return [];
    const { plan, status } = entry.action;
    return ["succeeded", "rolled_back"].includes(status.kind)
      ? [`${plan.strategy} ${status.kind}`]
      : [];
  });
  expect(story).toEqual([
    "command:vain succeeded",
    "not healed",
    "command:vain rolled_back",
    "command:mend succeeded",
    "healed",
  ]);
  expect(existsSync(join(bench.folder, "undone"))).toBe(true);
  expect(await bench.pidOf("shop")).toBe(before);
  await bench.settled();
  const rows = await bench.get<ActionRow[]>("/api/v1/actions?limit=2");
  expect(rows.map(({ actionStrategy, status }) => [actionStrategy, status])).toEqual([
    ["command:mend", "succeeded"],
    ["command:vain", "rolled_back"],
  ]);
  expect(rows[0]?.actionId).toBe(verdict.action);
});

test("what cannot be undone waits for a person: one is dismissed, the next one approved", async () => {
  await using bench = await shop({
    commands: { first: "touch first", second: "rm shop.health" },
    recovery_strategy: ["command:first", "command:second"],
  });
  bench.tell("shop", "health", "500");
  const first = await waiting(bench, "command:first");
  expect(first.irreversible).toBe(true);
  expect(existsSync(join(bench.folder, "first"))).toBe(false);
  expect(await bench.get("/api/v1/overview")).toMatchObject({ waitingForApproval: 1 });
  expect((await bench.post(`/api/v1/actions/${first.id}/dismiss`)).status).toBe(202);
  const second = await waiting(bench, "command:second");
  expect((await bench.post(`/api/v1/actions/${second.id}/approve`)).status).toBe(202);
  await bench.entry("verdict", ({ verdict }) => verdict.healed && verdict.action === second.id);
  expect(existsSync(join(bench.folder, "first"))).toBe(false);
  expect((await bench.post(`/api/v1/actions/${second.id}/approve`)).status).toBe(409);
  const tooLate = await bench.post(`/api/v1/actions/${first.id}/approve`);
  expect(JSON.stringify(tooLate.body)).toContain("is over: dismissed");
  const asked = (await bench.entries("request")).map(({ what }) => what);
  expect(asked).toEqual([`dismiss ${first.id}`, `approve ${second.id}`]);
  const rows = await bench.get<ActionRow[]>("/api/v1/actions?limit=2");
  expect(rows.map((row) => [shownState(row), shownOrigin(row)])).toEqual([
    ["succeeded", "approved by token"],
    ["dismissed", "by token"],
  ]);
  expect(await page(bench)).toContain("dismissed");
  const [incident] = await bench.get<Incident[]>("/api/v1/incidents");
  const story = await bench.get<{ timeline: { text: string }[] }>(
    `/api/v1/incidents/${incident?.id}`,
  );
  const told = story.timeline.map(({ text }) => text);
  expect(told).toContain("command:first waits for approval");
  expect(told).toContain("command:second waits for approval");
  expect(told).toContain("command:second begins (approved by token)");
  await bench.settled();
});

test("who is asked to let something be cleaned is shown what that would remove", async () => {
  await using bench = await FleetBench.up((each) => {
    writeFileSync(join(each.folder, "look.sh"), "test ! -e full || { cat full; exit 1; }");
    return {
      services: {
        shop: each.toy("shop", {
          health_check: { command: ["sh", "look.sh"], interval: "200ms" },
          clean: [
            { root: "./empty", pattern: "*.tmp", older_than: "0s" },
            { root: "./cache", pattern: "*.tmp", older_than: "0s" },
          ],
          recovery_strategy: ["clean"],
        }),
      },
    };
  });
  const cache = join(bench.folder, "cache");
  const empty = join(bench.folder, "empty");
  mkdirSync(cache);
  mkdirSync(empty);
  for (const name of ["a.tmp", "b.tmp", "c.txt"]) {
    writeFileSync(join(cache, name), "x".repeat(1024));
  }
  writeFileSync(join(bench.folder, "full"), "ENOSPC: no space left on device");
  const { id, steps } = await waiting(bench, "clean");
  expect(steps).toEqual([
    "diagnose instance/shop.1",
    `clean instance/shop.1: ${empty} *.tmp older than 0 ms, ${cache} *.tmp older than 0 ms`,
  ]);
  const would = `would remove 2 files, 2 KiB in ${cache} (*.tmp)`;
  const preview = ["", `nothing to clean in ${empty} (*.tmp); ${would}`];
  await bench.until(async () => {
    const [action] = await bench.get<{ preview: string[] }[]>("/api/v1/actions/under-way");
    return action?.preview.join() === preview.join();
  }, "it is told what would be removed");
  // Who looks without the token is shown what is asked, and not what was found.
  expect(await page(bench)).toContain(`${steps[1]}: (needs the token)`);
  expect((await bench.post(`/api/v1/actions/${id}/approve`)).status).toBe(202);
  await bench.until(async () => !existsSync(join(cache, "a.tmp")), "it was cleaned");
  expect(existsSync(join(cache, "c.txt"))).toBe(true);
});

test("approval may be asked for what could be undone, and waived for what cannot", async () => {
  await using bench = await shop({
    commands: { mend: { command: "rm shop.health" } },
    recovery_strategy: ["command:mend"],
    approve: { "command:mend": "never" },
  });
  bench.tell("shop", "health", "500");
  await bench.entry("verdict", ({ verdict }) => verdict.healed && verdict.action !== undefined);
});

test("when the budget is spent a person is told, and it goes on when the window has moved", async () => {
  await using bench = await shop(
    // A restarted one is up at once, and as ill as before.
    { startup: { command: "true" } },
    { budgets: { per_resource: 2, window: "6s", cool_down: "100ms", cool_down_max: "200ms" } },
  );
  bench.tell("shop", "health", "500");
  const { incident } = await bench.entry(
    "incident",
    (each) => each.incident.state.kind === "escalated",
  );
  expect(JSON.stringify(incident.state)).toContain("budget");
  const spent = async () =>
    (await bench.entries("plan")).filter(({ plan }) => plan.cause.kind === "failure");
  const before = (await spent()).length;
  expect(before).toBe(2);
  await bench.until(async () => (await spent()).length > before, "it goes on");
  bench.tell("shop", "health", undefined);
  await bench.settled();
});

test("when a dependency dies its dependents are its victims: one incident, one cause, one action", async () => {
  const [base, left, right] = [await freePort(), await freePort(), await freePort()];
  const url = (port: number): string => `http://127.0.0.1:${port}/health`;
  const needs = { depends_on: ["base"], startup: { tcp: left } };
  await using bench = await FleetBench.up((made) => ({
    services: {
      base: made.toy("base", {
        env: { PORT: base },
        health_check: url(base),
        start: { timeout: "20s" },
      }),
      left: made.toy("left", {
        ...needs,
        env: { PORT: left, NEEDS: url(base) },
        health_check: url(left),
      }),
      right: made.toy("right", {
        ...needs,
        startup: { tcp: right },
        env: { PORT: right, NEEDS: url(base) },
        health_check: url(right),
      }),
    },
  }));
  const before = [await bench.pidOf("left"), await bench.pidOf("right")];
  // It starts again, but is not well until it is told: time enough for the others to notice.
  bench.tell("base", "hold", "yes");
  process.kill(await bench.pidOf("base"), "SIGKILL");
  const { incident } = await bench.entry("incident", (each) => each.incident.victims.length === 2);
  expect(incident.cause).toBe("instance/base.1");
  bench.tell("base", "hold", undefined);
  await bench.settled();
  const incidents = await bench.get<Incident[]>("/api/v1/incidents?limit=10");
  expect(incidents).toHaveLength(1);
  const acted = (await bench.entries("plan")).filter(({ plan }) => plan.cause.kind === "failure");
  expect(new Set(acted.map(({ plan }) => plan.resource))).toEqual(new Set(["instance/base.1"]));
  expect([await bench.pidOf("left"), await bench.pidOf("right")]).toEqual(before);
});

async function page(bench: FleetBench): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${bench.port}/`)).text();
}

async function waiting(bench: FleetBench, strategy: string): Promise<Waiting> {
  let found: Waiting | undefined;
  await bench.until(async () => {
    const all = await bench.get<Waiting[]>("/api/v1/actions/under-way");
    found = all.find((each) => each.strategy === strategy && each.state === "waiting_for_approval");
    return found !== undefined;
  }, `${strategy} waits`);
  if (found === undefined) throw new Error("it waited a moment ago");
  return found;
}

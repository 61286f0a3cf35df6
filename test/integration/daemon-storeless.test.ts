/** A daemon that is started while its store cannot be used, or is none. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import { FleetBench } from "./fleet-bench.ts";

interface Health {
  readonly status: string;
  readonly checks: Readonly<Record<string, readonly [{ readonly output?: string }]>>;
}

test("a store that is removed while it runs is noticed, begun anew, and the loss is on record", async () => {
  await using bench = await FleetBench.up((made) => ({ services: { lone: made.toy("lone") } }));
  await bench.post("/api/v1/mode", { mode: "shadow", scope: "lone" });
  await bench.entry("mode_changed", ({ scope }) => scope === "lone");
  for (const end of ["", "-wal", "-shm"]) rmSync(join(bench.data, `soulmirror.db${end}`));

  await bench.post("/api/v1/mode", { mode: "monitor", scope: "lone" });
  const removed = "was removed or replaced while it was open";
  await bench.until(() => bench.daemonLog().includes(removed), "it is noticed");
  await bench.until(async () => (await kept(bench)) === "store", "it is begun anew");
  await bench.entry("gap", ({ lost }) => lost > 0);
  await bench.entry("mode_changed", ({ mode }) => mode === "monitor");
}, 60_000);

test("without a store it supervises and heals, says so, forgets nothing of the past, and takes up the store when it is back", async () => {
  const port = await freePort();
  await using bench = await FleetBench.up((made) => ({
    services: {
      lone: made.toy("lone", {
        env: { PORT: port },
        health_check: `http://127.0.0.1:${port}/health`,
        commands: { once: "touch done" },
        approve: { "command:once": "never" },
        recovery_strategy: ["command:once", "restart"],
      }),
      rested: made.toy("rested"),
    },
  }));
  await bench.post("/api/v1/mode", { mode: "shadow", scope: "rested" });
  await bench.entry("mode_changed", ({ scope }) => scope === "rested");
  const before = await bench.pidOf("lone");
  await bench.end();
  const store = join(bench.data, "soulmirror.db");
  renameSync(store, `${store}.away`);
  // What nobody can open as a file.
  mkdirSync(store);

  await bench.start();
  await bench.until(async () => (await bench.service("lone")).state === "healthy", "it is well");
  expect(await bench.pidOf("lone")).toBe(before);
  expect(await kept(bench)).toBe("emergency");
  const health = await bench.ask<Health>("GET", "/health");
  expect(health.status).toBe(503);
  expect(health.body.checks["soulmirror/store:responseTime"]?.[0].output).toMatch(
    /unable to open database file; the journal is kept in emergency/,
  );
  expect(bench.daemonLog()).toContain("cannot be opened");

  bench.tell("lone", "health", "500");
  await bench.until(async () => {
    const [pid] = await bench.pidsOf("lone");
    return pid !== undefined && pid !== before;
  }, "it is healed by what can be taken back");
  expect(existsSync(join(bench.folder, "done"))).toBe(false);
  bench.tell("lone", "health", undefined);
  await bench.state("lone", "healthy");

  rmdirSync(store);
  renameSync(`${store}.away`, store);
  await bench.until(async () => (await kept(bench)) === "store", "the store is back", 70_000);
  const positions = (await bench.journal()).map(({ position }) => position);
  expect(positions).toEqual(positions.map((_, index) => index + 1));
  expect(await bench.entries("daemon_started")).toHaveLength(2);
  const isRefused = (each: unknown) => JSON.stringify(each).includes("kept in emergency");
  await bench.entry("action", ({ action }) => isRefused(action.status));
  await bench.entry("verdict", ({ verdict }) => verdict.healed);

  // What that daemon did not know has not been forgotten for those after it.
  await bench.end();
  await bench.start();
  expect((await bench.service("rested")).mode).toBe("shadow");
}, 120_000);

const unwritable = [
  ["full", "full to the last byte"],
  ["read-only", "read-only"],
] as const;

test.each(unwritable)(
  "%s: on a disk that is %s the fleet comes up as it was, and the journal is whole later",
  (how) => {
    const script = join(import.meta.dirname, "unwritable-start.ts");
    const words = ["-rm", process.execPath, script, how];
    const output = execFileSync("unshare", words, { encoding: "utf8" });
    const { up, base, full, healed, later, audit } = JSON.parse(output) as Told;
    expect(up.code).toBe(0);
    expect(up.out).toContain("only reversible actions run meanwhile");
    // Adopted, and stopped as a person wanted it: that was read from the store as it lay there.
    expect(full.services).toMatchObject([
      { name: "base", state: "healthy", pid: base.pid },
      { name: "web", state: "stopped" },
    ]);
    expect(full.journalTrouble).toContain("kept in emergency");
    expect(healed.services[0]).toMatchObject({ state: "healthy", restarts: 1 });
    expect(later.journalTrouble).toBeUndefined();
    expect(audit).toMatchObject({ code: 0 });
  },
  180_000,
);

test("with a store that hangs from the start it supervises and heals, says so, and when it answers what persons wanted holds again", async () => {
  const port = await freePort();
  await using bench = await FleetBench.up((made) => ({
    services: {
      lone: made.toy("lone", {
        env: { PORT: port },
        health_check: `http://127.0.0.1:${port}/health`,
      }),
      rested: made.toy("rested"),
      halted: made.toy("halted"),
      wanted: made.toy("wanted"),
    },
  }));
  await bench.post("/api/v1/mode", { mode: "shadow", scope: "rested" });
  await bench.post("/api/v1/mode", { mode: "shadow", scope: "lone" });
  await bench.entry("mode_changed", ({ scope }) => scope === "lone");
  for (const name of ["halted", "wanted"]) {
    await bench.post(`/api/v1/services/${name}/stop`);
    await bench.state(name, "stopped");
  }
  const before = await bench.pidOf("lone");
  await bench.end();

  const hang = join(bench.folder, "hang");
  writeFileSync(hang, "");
  writeFileSync(join(bench.folder, "hang.mjs"), hangingThread);
  await bench.start({ NODE_OPTIONS: `--import ${bench.folder}/hang.mjs`, HANG: hang });
  await bench.until(async () => (await bench.service("lone")).state === "healthy", "it is well");
  expect(await bench.pidOf("lone")).toBe(before);
  expect(await kept(bench)).toBe("emergency");
  expect((await bench.ask<Health>("GET", "/health")).status).toBe(503);
  expect(bench.daemonLog()).toContain("no answer within");
  // Nobody can know what a person had wanted: everything comes up as the file says.
  await bench.state("halted", "healthy");
  expect((await bench.service("rested")).mode).toBe("full");
  await bench.post("/api/v1/services/wanted/start");
  await bench.post("/api/v1/mode", { mode: "full", scope: "lone" });
  process.kill(before, "SIGKILL");
  await bench.until(async () => {
    const [pid] = await bench.pidsOf("lone");
    return pid !== undefined && pid !== before;
  }, "it is started again");

  rmSync(hang);
  await bench.until(async () => (await kept(bench)) === "store", "the store is back", 70_000);
  await bench.state("halted", "stopped");
  expect((await bench.service("rested")).mode).toBe("shadow");
  // What was asked for meanwhile wins.
  expect((await bench.service("lone")).mode).toBe("full");
  expect((await bench.service("wanted")).state).toBe("healthy");
  expect(await bench.entries("daemon_started")).toHaveLength(2);
  const ends = (await bench.entries("process_exited")).map(({ exit }) => exit.process.pid);
  expect(ends).toContain(before);

  await bench.end();
  await bench.start();
  const halted = async () => (await bench.service("halted")).state;
  expect([await halted(), (await bench.service("rested")).mode]).toEqual(["stopped", "shadow"]);
}, 120_000);

/** No thread that opens or reads a store answers nobody for as long as the file is there. */
const hangingThread = `
import { existsSync } from "node:fs";
import { isMainThread, threadName } from "node:worker_threads";
const { HANG } = process.env;
if (!isMainThread && threadName === "store") {
  const word = new Int32Array(new SharedArrayBuffer(4));
  while (existsSync(HANG)) Atomics.wait(word, 0, 0, 50);
}
`;

test("what is no database is set aside with all its bytes, and the journal begins anew and says why", async () => {
  await using bench = await FleetBench.up((made) => ({ services: { lone: made.toy("lone") } }));
  const pid = await bench.pidOf("lone");
  await bench.end();
  const text = "somebody's notes, saved under a wrong name\n".repeat(500);
  writeFileSync(join(bench.data, "soulmirror.db"), text);
  await bench.start();
  await bench.settled();
  expect(await bench.pidOf("lone")).toBe(pid);
  expect(await kept(bench)).toBe("store");
  const [aside = ""] = readdirSync(bench.data).filter((name) => name.includes("set-aside"));
  expect(readFileSync(join(bench.data, aside), "utf8")).toBe(text);
  const { reason } = await bench.entry("gap", () => true);
  expect(reason).toContain(aside);
  expect(bench.daemonLog()).toContain("store-set-aside");
});

test("a database that is damaged is refused, and left as it is", async () => {
  await using bench = await FleetBench.up((made) => ({ services: { lone: made.toy("lone") } }));
  const pid = await bench.pidOf("lone");
  await bench.end();
  const store = join(bench.data, "soulmirror.db");
  const bytes = readFileSync(store);
  // The pages, and not the header that says what it is.
  bytes.fill(0xff, 100);
  writeFileSync(store, bytes);
  const daemon = await bench.spawnDaemon();
  const [code] = (await once(daemon, "exit")) as [number | null];
  expect(code).toBe(3);
  expect(bench.words()).toMatch(/STORE_DAMAGED: .*malformed.* Fix: keep a copy/);
  expect(readFileSync(store).equals(bytes)).toBe(true);
  expect(bench.lives(pid)).toBe(true);
});

interface Told {
  readonly up: { readonly code: number; readonly out: string };
  readonly base: { readonly pid: number };
  readonly full: Report;
  readonly healed: Report;
  readonly later: Report;
  readonly audit: { readonly code: number };
}

interface Report {
  readonly services: readonly { readonly pid: number | null }[];
  readonly journalTrouble?: string;
}

async function kept(bench: FleetBench): Promise<string> {
  const overview = await bench.get<{ journal: { kept: string } }>("/api/v1/overview");
  return overview.journal.kept;
}

/**
 * What the daemon keeps: over a store that is away, against those who edit it, for those who ask.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import { fakeClock } from "../../src/chaos/index.ts";
import { Baseline } from "../../src/statistics/index.ts";
import { FleetBench } from "./fleet-bench.ts";

const command = fileURLToPath(new URL("../../bin/soulmirror.js", import.meta.url));

interface Audit {
  readonly code: number | null;
  readonly text: string;
}

function audit(data: string): Audit {
  const words = [command, "--data", data, "audit", "verify", "--json"];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
  return { code: status, text: stdout + stderr };
}

describe("the store is away", () => {
  test("when its disk is full the journal goes elsewhere, healing goes on, and nothing is missing later", async () => {
    await using bench = await FleetBench.up((made) => ({ services: { lone: made.toy("lone") } }));
    const wal = statSync(join(bench.data, "soulmirror.db-wal")).size;
    // No file of the daemon may grow beyond this: what it appends to the store fails.
    limitFiles(bench.daemon.pid, String(wal));
    const before = await bench.pidOf("lone");
    process.kill(before, "SIGKILL");
    await bench.until(async () => (await kept(bench)) !== "store", "the journal is kept elsewhere");
    expect(await kept(bench)).toBe("emergency");
    await bench.until(
      async () => ![before, undefined].includes((await bench.pidsOf("lone"))[0]),
      "it is healed",
    );
    limitFiles(bench.daemon.pid, "unlimited");
    await bench.until(async () => (await kept(bench)) === "store", "the store is back", 40_000);
    await bench.settled();
    await bench.entry("verdict", ({ verdict }) => verdict.healed);
    const positions = (await bench.journal()).map(({ position }) => position);
    expect(positions).toEqual(positions.map((_, index) => index + 1));
    expect(await bench.entries("gap")).toEqual([]);
    expect(audit(bench.data)).toMatchObject({ code: 0 });
  });

  test("while somebody else holds it, what cannot be undone is not done", async () => {
    const port = await freePort();
    await using bench = await FleetBench.up((made) => ({
      services: {
        shop: made.toy("shop", {
          env: { PORT: port },
          health_check: `http://127.0.0.1:${port}/health`,
          commands: { once: "touch done" },
          approve: { "command:once": "never" },
          recovery_strategy: ["command:once", "restart"],
        }),
      },
    }));
    const before = await bench.pidOf("shop");
    const thief = new DatabaseSync(join(bench.data, "soulmirror.db"));
    bench.teardown.defer(() => thief.close());
    thief.exec("BEGIN IMMEDIATE");
    bench.tell("shop", "health", "500");
    await bench.until(
      async () => (await kept(bench)) === "emergency",
      "the journal is kept elsewhere",
    );
    await bench.until(
      async () => (await bench.pidsOf("shop"))[0] !== before,
      "it is restarted instead",
    );
    thief.exec("ROLLBACK");
    bench.tell("shop", "health", undefined);
    await bench.until(async () => (await kept(bench)) === "store", "the store is back", 40_000);
    await bench.settled();
    const { action } = await bench.entry(
      "action",
      (each) =>
        each.action.plan.strategy === "command:once" && each.action.status.kind === "failed",
    );
    expect(JSON.stringify(action.status)).toContain("irreversible");
    expect(audit(bench.data)).toMatchObject({ code: 0 });
  });
});

describe("the journal was touched", () => {
  test("an edited row or checkpoint is found, and so is a tail that was cut, which the next daemon counts", async () => {
    await using bench = await FleetBench.up((made) => ({ services: { lone: made.toy("lone") } }));
    process.kill(await bench.pidOf("lone"), "SIGKILL");
    await bench.entry("verdict", ({ verdict }) => verdict.healed);
    await bench.end();
    expect(audit(bench.data)).toMatchObject({ code: 0 });

    const edited = join(bench.folder, "edited");
    cpSync(bench.data, edited, { recursive: true });
    change(edited, "UPDATE journal SET entry = replace(entry, 'SIGKILL', 'SIGTERM')");
    const first = audit(edited);
    expect(first.code).not.toBe(0);
    expect(first.text).toContain("edited");

    const misled = join(bench.folder, "misled");
    cpSync(bench.data, misled, { recursive: true });
    change(misled, "UPDATE incidents SET title = 'nothing happened'");
    const table = audit(misled);
    expect(table.code).toBe(4);
    expect(table.text).toMatch(/the store says otherwise: title of inc_\w+ in the table incidents/);

    const believed = join(bench.folder, "believed");
    cpSync(bench.data, believed, { recursive: true });
    change(believed, "UPDATE checkpoints SET state = replace(state, 'version', 'Version')");
    const checkpoint = audit(believed);
    expect(checkpoint.code).not.toBe(0);
    expect(checkpoint.text).toContain("the checkpoint at");

    const cut = join(bench.folder, "cut");
    cpSync(bench.data, cut, { recursive: true });
    const cutEnd = "DELETE FROM journal WHERE position > (SELECT max(position) - 3 FROM journal)";
    change(cut, cutEnd);
    const second = audit(cut);
    expect(second.code).not.toBe(0);
    expect(second.text).toContain("AUDIT_BROKEN");
    // The anchors lie in a file like any other; the checkpoint says the same as they did.
    const log = join(cut, "logs", "daemon.log");
    const lines = readFileSync(log, "utf8").split("\n");
    writeFileSync(log, lines.filter((line) => !line.includes('"anchor"')).join("\n"));
    const third = audit(cut);
    expect(third.code).not.toBe(0);
    expect(third.text).toContain("but the checkpoint is at");
    expect(audit(bench.data)).toMatchObject({ code: 0 });

    change(bench.data, cutEnd);
    await bench.start();
    const gap = await bench.entry("gap", ({ lost }) => lost === 3);
    expect(gap.reason).toContain("the end was cut off");
    await bench.settled();
  });
});

describe("people ask", () => {
  test("stop, start, restart and down need the token, and do what they say", async () => {
    const port = await freePort();
    await using bench = await FleetBench.up((made) => ({
      services: {
        base: made.toy("base", {
          env: { PORT: port },
          health_check: `http://127.0.0.1:${port}/health`,
        }),
        upper: made.toy("upper", { depends_on: ["base"] }),
      },
    }));
    const first = await bench.pidOf("base");
    for (const path of [
      "services/base/stop",
      "services/base/restart",
      "services/base/start",
      "down",
      "mode",
    ]) {
      const { status } = await bench.ask("POST", `/api/v1/${path}`, {
        body: { mode: "off" },
        token: null,
      });
      expect([path, status]).toEqual([path, 401]);
    }
    expect((await bench.ask("GET", "/api/v1/config/diff", { token: null })).status).toBe(401);
    expect((await bench.ask("GET", "/api/v1/services", { token: "wrong" })).status).toBe(401);
    expect(await bench.pidOf("base")).toBe(first);

    expect((await bench.post("/api/v1/services/base/stop")).status).toBe(202);
    await bench.state("base", "stopped");
    expect(bench.lives(first)).toBe(false);
    expect((await bench.post("/api/v1/services/base/start")).status).toBe(202);
    await bench.state("base", "healthy");
    const second = await bench.pidOf("base");
    expect((await bench.post("/api/v1/services/base/restart")).status).toBe(202);
    await bench.until(
      async () => ![second, undefined].includes((await bench.pidsOf("base"))[0]),
      "it is a new one",
    );
    await bench.settled();
    const { plan } = await bench.entry("plan", (each) => each.plan.strategy === "restart");
    expect(plan.cause).toEqual({ kind: "person", by: "token" });
    expect(await bench.entries("failure_raised")).toEqual([]);

    const all = [await bench.pidOf("base"), await bench.pidOf("upper")];
    expect((await bench.post("/api/v1/down")).status).toBe(202);
    await bench.until(() => all.every((pid) => !bench.lives(pid)), "all are stopped");
    const stops = (await bench.entries("plan")).filter((each) => each.plan.strategy === "stop");
    expect(stops.slice(-2).map((each) => each.plan.resource)).toEqual([
      "instance/upper.1",
      "instance/base.1",
    ]);
    // What was brought down is brought up by the next daemon; what was stopped would not be.
    await bench.end();
    await bench.start();
    await bench.settled();
  });

  test("what a person has stopped stays stopped for the next daemon", async () => {
    await using bench = await FleetBench.up((made) => ({
      services: { one: made.toy("one"), two: made.toy("two") },
    }));
    await bench.post("/api/v1/services/one/stop");
    await bench.state("one", "stopped");
    await bench.end("SIGKILL");
    await bench.start();
    await bench.state("two", "healthy");
    expect((await bench.service("one")).state).toBe("stopped");
  });
});

describe("the clock jumps", () => {
  test("an hour forth and two back: it is told, nothing is restarted, and ids stay in order", async () => {
    const port = await freePort();
    await using bench = new FleetBench();
    const clockFile = join(bench.folder, "clock");
    const faked = fakeClock(clockFile);
    if (faked === undefined) throw new Error("libfaketime is needed: apt-get install faketime");
    bench.declare({
      services: {
        shop: bench.toy("shop", {
          env: { PORT: port },
          health_check: `http://127.0.0.1:${port}/health`,
        }),
        lone: bench.toy("lone"),
      },
    });
    await bench.start(faked);
    await bench.settled();
    const before = [await bench.pidOf("shop"), await bench.pidOf("lone")];
    for (const [offset, count] of [
      ["+3600", 1],
      ["-3600", 2],
    ] as const) {
      writeFileSync(clockFile, offset);
      await bench.until(
        async () => (await jumps(bench)).length >= count,
        `the jump to ${offset} is told`,
      );
      await bench.until(
        async () => (await bench.get<unknown[]>("/api/v1/incidents?live=true")).length === 0,
        "it is over",
      );
    }
    writeFileSync(clockFile, "+3600");
    await bench.until(async () => (await jumps(bench)).length >= 3, "the last jump is told");
    await bench.end("SIGKILL");
    await bench.start(faked);
    await bench.until(
      async () => (await bench.get<unknown[]>("/api/v1/incidents?live=true")).length === 0,
      "it is over for the next daemon, too",
    );
    expect([await bench.pidOf("shop"), await bench.pidOf("lone")]).toEqual(before);
    const types = (await bench.entries("failure_raised")).map(({ failure }) => failure.type);
    expect(new Set(types)).toEqual(new Set(["clock_jump"]));
    expect((await bench.entries("plan")).filter(({ plan }) => plan.strategy !== "start")).toEqual(
      [],
    );
    const ids = (await bench.journal()).map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted());
    expect(audit(bench.data)).toMatchObject({ code: 0 });
  });
});

async function jumps(bench: FleetBench) {
  const raised = await bench.entries("failure_raised");
  return raised.filter(({ failure }) => failure.type === "clock_jump");
}

async function kept(bench: FleetBench): Promise<string> {
  const overview = await bench.get<{ journal: { kept: string } }>("/api/v1/overview");
  return overview.journal.kept;
}

function limitFiles(pid: number | undefined, sizeBytes: string): void {
  execFileSync("prlimit", ["--pid", String(pid), `--fsize=${sizeBytes}:unlimited`]);
}

function change(data: string, statement: string): void {
  const database = new DatabaseSync(join(data, "soulmirror.db"));
  try {
    expect(database.prepare(statement).run().changes).toBeGreaterThan(0);
  } finally {
    database.close();
  }
}

test("what is usual is known to the next daemon", async () => {
  await using bench = await FleetBench.up((made) => ({ services: { lone: made.toy("lone") } }));
  const sketchOf = (): { at: number; text: string } => {
    const store = new DatabaseSync(join(bench.data, "soulmirror.db"), { readOnly: true });
    try {
      const row = store
        .prepare("SELECT calculated_at, sketch FROM baseline_sketches WHERE metric_name = ?")
        .get("memory.rss");
      return { at: Number(row?.["calculated_at"]), text: String(row?.["sketch"]) };
    } finally {
      store.close();
    }
  };
  const valuesIn = (text: string): number =>
    Baseline.restore(text, { nowMs: 0, ageMs: 0 })?.summary("24h")?.count ?? 0;
  /** Looks at what a service uses are a second apart. */
  const endLater = async (): Promise<void> => {
    const begunMs = performance.now();
    await bench.until(async () => performance.now() > begunMs + 2500, "it was looked at");
    await bench.end();
  };
  await endLater();
  const before = sketchOf();
  await bench.start();
  await endLater();
  const after = sketchOf();
  expect(after.at).toBeGreaterThan(before.at);
  expect(valuesIn(before.text)).toBeGreaterThan(0);
  expect(valuesIn(after.text)).toBeGreaterThan(valuesIn(before.text));
});

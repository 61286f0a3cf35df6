/** The commands that need no daemon, each as a process of its own on real files. */
import { createHmac } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { refuseUnsafe } from "../../src/cli/refuse-unsafe.ts";
import { createIds, createRandom } from "../../src/kernel/index.ts";
import { createChain, type Mac } from "../../src/knowledge/index.ts";
import type { SealedEntry } from "../../src/model/index.ts";
import { openEmergencyFile, openSqliteStore } from "../../src/platform/index.ts";
import { openDataDirectory, realClock, sparePaths } from "../../src/system/index.ts";
import { CliBench } from "./cli-bench.ts";

let bench: CliBench;

beforeEach(async () => {
  bench = await CliBench.open();
});

afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

describe("the command line", () => {
  it("lists its commands, and its exit codes", async () => {
    const { code, out } = await bench.run("--help");
    expect(code).toBe(0);
    const files = await readdir(new URL("../../src/cli/commands", import.meta.url));
    const commands = files.filter((file) => !file.endsWith(".test.ts"));
    const names = commands.map((file) => file.replace(/\.ts$/, ""));
    expect(names.length).toBeGreaterThan(20);
    for (const name of names) expect(out).toMatch(new RegExp(`^  ${name}\\b`, "m"));
    expect(out).toContain("5  no daemon answers");
  });

  it.each([
    [["nosuch"], "unknown command 'nosuch'"],
    [["status", "--nosuch"], "unknown option '--nosuch'"],
    [["show"], "missing required argument 'what'"],
    [["status", "--port", "eighty"], 'wants a whole number, not "eighty"'],
    [["up", "--port", "70000"], '--port wants a number from 1 to 65535, not "70000"'],
    [["incidents", "-n", "0"], '--lines wants a number from 1 to 500, not "0"'],
    [["db", "sideways"], "is one of status, up, down"],
  ])("refuses %j with exit code 2", async (args, message) => {
    const { code, err } = await bench.run(...args);
    expect(err).toContain(message);
    expect(code).toBe(2);
  });

  it("says errors as JSON with --json", async () => {
    await bench.writeFleet();
    const { code, err, out } = await bench.run("status", "--json");
    expect(JSON.parse(err)).toMatchObject({ error: { code: "DAEMON_AWAY" } });
    expect([code, out]).toEqual([5, ""]);
  });

  it.each(["status", "incidents", "actions", "mode", "diff"])(
    "%s without a daemon ends with exit code 5 and the way out",
    async (command) => {
      await bench.writeFleet();
      const { code, err } = await bench.run(command);
      expect(err).toMatch(/no daemon answers for .*\n {2}fix: .*soulmirror up/);
      expect(code).toBe(5);
    },
  );

  it("says where it looked when there is no fleet file", async () => {
    const { code, err } = await bench.run("up");
    expect(err).toContain(`no soulmirror.yaml in ${bench.folder}`);
    expect(code).toBe(2);
  });

  it("finds the fleet file in a folder above", async () => {
    await bench.writeFleet();
    await mkdir(bench.path("deep", "er"), { recursive: true });
    const { code, err } = await bench.start(["status"], { folder: bench.path("deep/er") }).ended;
    expect([code, err]).toEqual([5, expect.stringContaining(bench.path(".soulmirror"))]);
  });

  it("watches only where there is a terminal", async () => {
    await bench.writeFleet();
    expect(await bench.run("watch")).toMatchObject({ code: 2 });
  });
});

describe("validate, schema and config", () => {
  it("tells what a good file holds", async () => {
    await bench.writeFleet();
    expect(await bench.json("validate")).toMatchObject({ valid: true, services: ["base", "web"] });
  });

  it("names line, column, key and fix of every problem", async () => {
    await bench.write(
      "soulmirror.yaml",
      "services:\n  web:\n    comand: node a.js\n    listen: x\n",
    );
    const { code, out } = await bench.run("validate");
    expect(out).toMatch(/soulmirror\.yaml:3:\d+ .*comand/);
    expect(out).toMatch(/soulmirror\.yaml:4:\d+ .*listen/);
    expect(out).toContain("fix: ");
    expect(code).toBe(2);
    const json = await bench.run("validate", "--json");
    expect(JSON.parse(json.out)).toMatchObject({ valid: false });
    expect(json.code).toBe(2);
  });

  it("exports the schema", async () => {
    expect(await bench.json("schema")).toMatchObject({
      properties: { services: expect.anything() as unknown },
    });
  });

  it("explains where a value is from", async () => {
    await bench.writeFleet();
    const { out } = await bench.run("config", "explain", "services.web.instances");
    expect(out).toMatch(/services\.web\.instances = 2\n {2}from .*soulmirror\.yaml:\d+:\d+/);
    expect(await bench.json("config", "explain", "api.port", "--port", "5999")).toMatchObject({
      value: 5999,
      origin: "flag --port",
    });
    expect(await bench.run("config", "explain", "no.such.key")).toMatchObject({ code: 1 });
  });

  it("shows what is in force, secrets masked", async () => {
    await bench.write(
      "soulmirror.yaml",
      "services:\n  web: { command: node a.js, env: { API_TOKEN: hidden-thing, PORT: '1' } }\n",
    );
    const { out } = await bench.run("config", "show");
    expect(out).toContain('API_TOKEN: "***"');
    expect(out).not.toContain("hidden-thing");
    expect(out).toContain("grace: 10s");
  });

  it("tells the difference to another file", async () => {
    await bench.writeFleet();
    const text = await readFile(bench.path("soulmirror.yaml"), "utf8");
    await bench.write("other.yaml", text.replace("instances: 2", "instances: 3"));
    const { out } = await bench.run("diff", "other.yaml");
    expect(out).toMatch(/~ service\/web changed[\s\S]*instances: 2 -> 3/);
  });
});

describe("init", () => {
  it("makes a fleet file of what is there, and validates it itself", async () => {
    await bench.write("package.json", JSON.stringify({ scripts: { start: "node server.js" } }));
    await bench.write("Procfile", "web: node server.js\nworker: node worker.js\n");
    await bench.write(
      "ecosystem.config.cjs",
      "module.exports = { apps: [{ name: 'shop', script: 'server.js', watch: true }] };",
    );
    await bench.write(
      "docker-compose.yml",
      "services:\n  db:\n    image: postgres\n    ports: ['5432:5432']\n",
    );
    const shown = await bench.run("init");
    expect(shown.out).toMatch(/services:\s[\s\S]*shop:/);
    expect(shown.err).toMatch(/not taken over: ecosystem\.config\.cjs.*watch/);
    await expect(stat(bench.path("soulmirror.yaml"))).rejects.toThrow("ENOENT");

    expect(await bench.run("init", "--write")).toMatchObject({ code: 0 });
    expect(await bench.run("validate")).toMatchObject({ code: 0 });
    const again = await bench.run("init", "--write");
    expect([again.code, again.err]).toEqual([1, expect.stringContaining("is there already")]);
  });
});

it("follows a fleet file that others may write when it runs as somebody who can only hurt themselves", async () => {
  await bench.writeFleet();
  await chmod(bench.path("soulmirror.yaml"), 0o666);
  expect(() => refuseUnsafe(bench.path("soulmirror.yaml"), 1000)).not.toThrow();
});

/**
 * A store with a chained journal, and an anchor in the daemon's log. Resolves with so many further
 * entries that are not in the store.
 */
async function writeJournal(count: number, more = 0): Promise<readonly SealedEntry[]> {
  const directory = openDataDirectory(bench.path(".soulmirror"));
  const key = Buffer.alloc(32, 7);
  await writeFile(directory.auditKey, `${key.toString("hex")}\n`, { mode: 0o600 });
  const mac: Mac = (text) => createHmac("sha256", key).update(text).digest("hex");
  const chain = createChain(mac);
  const ids = createIds(realClock, createRandom(1));
  const entries = Array.from({ length: count + more }, (_, index) => {
    return { kind: "request", by: "test", what: `wish ${index}` } as const;
  });
  const store = await openSqliteStore(directory.store);
  const sealed = chain.seal(entries, 1_700_000_000_000, ids);
  await store.append(sealed.slice(0, count));
  await store.close();
  const anchor = { event: "anchor", position: count, seal: sealed[count - 1]?.seal };
  await bench.write(".soulmirror/logs/daemon.log", `${JSON.stringify(anchor)}\n`);
  return sealed.slice(count);
}

/** Where an older version kept it: in the temporary folder. */
async function keepAside(entries: readonly SealedEntry[]): Promise<string> {
  const [path = ""] = sparePaths(bench.path(".soulmirror"), "journal");
  const place = join(bench.temporary, basename(dirname(path)), basename(path));
  await mkdir(dirname(place), { recursive: true, mode: 0o700 });
  await rm(place, { force: true });
  const file = await openEmergencyFile(place);
  await file.append({ storeEnd: 50, entries });
  await file.close();
  return place;
}

function edit(sql: string): void {
  const database = new DatabaseSync(bench.path(".soulmirror", "soulmirror.db"));
  database.exec(sql);
  database.close();
}

describe("audit verify", () => {
  it("proves a journal that is as it was written", async () => {
    await bench.writeFleet();
    await writeJournal(50);
    expect(await bench.json("audit", "verify")).toEqual({
      intact: true,
      proven: 50,
      from: 1,
      to: 50,
      lost: 0,
      waiting: 0,
      anchors: 1,
      rows: 0,
      older: 0,
    });
  });

  it("proves what waits in the emergency file as well, and finds what was edited there", async () => {
    await bench.writeFleet();
    const held = await writeJournal(50, 10);
    await keepAside(held);
    expect(await bench.json("audit", "verify")).toMatchObject({ proven: 50, to: 50, waiting: 10 });
    const { out } = await bench.run("audit", "verify");
    expect(out).toContain("10 entries wait in the emergency file for the store, 10 proven.");
    await keepAside(held.map((each) => (each.position === 55 ? { ...each, at: 7 } : each)));
    const { code, err } = await bench.run("audit", "verify");
    expect(err).toMatch(/entry 55, which waits in the emergency file, does not fit its seal/);
    expect(code).toBe(4);
  });

  it("takes up what an older version left in the temporary folder, and keeps it there no more", async () => {
    await bench.writeFleet();
    const place = await keepAside(await writeJournal(50, 10));
    expect((await bench.run("doctor")).out).toContain(place);
    await bench.run("up");
    const [lasting = ""] = sparePaths(bench.path(".soulmirror"), "journal");
    expect((await bench.run("doctor")).out).toContain(lasting);
    expect([dirname(dirname(lasting)), existsSync(place)]).toEqual(["/var/tmp", false]);
    const { proven, ...rest } = (await bench.json("audit", "verify")) as { proven: number };
    expect(rest).toMatchObject({ waiting: 0, lost: 0 });
    expect(proven).toBeGreaterThan(60);
    await bench.run("down");
    expect(existsSync(lasting)).toBe(false);
  });

  it.each([
    [
      "an edited entry",
      "UPDATE journal SET entry = replace(entry, 'wish 20', 'wish 99')",
      /entry 21 /,
    ],
    ["a missing entry", "DELETE FROM journal WHERE position = 30", /entry 30 is missing/],
    ["a cut", "DELETE FROM journal WHERE position > 40", /the end was cut off/],
    ["nonsense", "UPDATE journal SET entry = '{' WHERE position = 10", /cannot be read/],
    [
      "another kind",
      "UPDATE journal SET kind = 'gap' WHERE position = 9",
      /entry 9 is of kind req/,
    ],
  ])("finds %s", async (_, sql, message) => {
    await bench.writeFleet();
    await writeJournal(50);
    edit(sql);
    const { code, err } = await bench.run("audit", "verify");
    expect(err).toMatch(message);
    expect(code).toBe(4);
  });
});

describe("db", () => {
  it("goes down and up without losing a row", async () => {
    await bench.writeFleet();
    await writeJournal(5);
    const before = await bench.json("db", "status");
    expect(await bench.json("db", "down", "--to", "0")).toMatchObject({ version: 0 });
    expect(await bench.run("audit", "verify")).toMatchObject({ code: 1 });
    expect(await bench.json("db", "up")).toEqual(before);
    expect(await bench.json("audit", "verify")).toMatchObject({ proven: 5 });
    expect(await bench.run("db", "down", "--to", "99")).toMatchObject({ code: 2 });
  });
});

describe("doctor", () => {
  it("looks at a machine without a fleet, and misses one that is named", async () => {
    const { code, out } = await bench.run("doctor");
    expect([code, out]).toEqual([0, expect.stringMatching(/warn +fleet file +there is none here/)]);
    const named = await bench.run("doctor", "-c", "nowhere.yaml");
    expect(named).toMatchObject({
      code: 1,
      out: expect.stringContaining("nowhere.yaml") as string,
    });
  });

  it("finds nothing in the way of a good fleet", async () => {
    await bench.writeFleet();
    await writeJournal(5);
    const { code, out } = await bench.run("doctor");
    expect(out).toContain("Nothing stands in the way.");
    expect(code).toBe(0);
  });

  it("names a missing program, an open data directory and a damaged store", async () => {
    await bench.write("soulmirror.yaml", "services:\n  web: { command: no-such-program x }\n");
    await writeJournal(5);
    await chmod(bench.path(".soulmirror"), 0o755);
    await writeFile(bench.path(".soulmirror", "soulmirror.db"), "not a database at all");
    const { code, out } = await bench.run("doctor");
    expect(out).toMatch(/fail +web +no-such-program is not found/);
    expect(out).toMatch(/fail +data directory .*chmod 700/);
    expect(out).toMatch(/fail +store /);
    expect(code).toBe(1);
  });
});

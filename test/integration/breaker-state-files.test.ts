/** States of circuits in real files and databases, with several processes and what goes wrong. */
import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CircuitBreakerRegistry } from "../../src/engine/breaker-states/circuit-breaker-registry.ts";
import { fileStateStore } from "../../src/engine/breaker-states/file-state-store.ts";
import type { VoteBoard } from "../../src/engine/breaker-states/quorum.ts";
import { sqliteStateStore } from "../../src/engine/breaker-states/sqlite-state-store.ts";
import { folderBoard, redisBoard } from "../../src/engine/breaker-states/vote-boards.ts";
import { realTools } from "../../src/engine/real-tools.ts";
import { saved } from "../conformance/breaker-state-store.ts";
import { startRedis } from "./redis-server.ts";

const run = promisify(execFile);

let folder: string;
let file: string;
let told: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "soulmirror-breakers-"));
  file = join(folder, "breakers.json");
  told = [];
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function registry(): CircuitBreakerRegistry {
  const tell = (message: string): void => void told.push(message);
  return new CircuitBreakerRegistry({
    tools: realTools,
    store: fileStateStore(file, realTools),
    tell,
  });
}

async function fail(circuits: CircuitBreakerRegistry, name: string, times = 5): Promise<void> {
  const circuit = circuits.getOrCreate(name);
  const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
  for (let time = 0; time < times; time += 1) {
    await circuit.execute(() => Promise.reject(refused)).catch(() => undefined);
  }
}

describe("a registry on a file", () => {
  test("admits no call to what was open, from the first one on; the call is not made", async () => {
    const first = registry();
    await fail(first, "llm:openai");
    expect(first.get("llm:openai")?.getState()).toMatchObject({ state: "open" });
    expect(await first.close()).toBe(true);
    const second = registry();
    let calls = 0;
    const call = second.getOrCreate("llm:openai").execute(() => {
      calls += 1;
      return Promise.resolve("ok");
    });
    await expect(call).rejects.toMatchObject({ code: "CIRCUIT_OPEN", name: "CircuitBreakerError" });
    expect(calls).toBe(0);
    const { nextRetryTime } = second.getOrCreate("llm:openai").getState();
    expect(nextRetryTime).toBe(first.get("llm:openai")?.getState().nextRetryTime);
    expect(await second.getOrCreate("other").execute(() => "ok")).toBe("ok");
    expect([...second.getAll().keys()]).toEqual(["llm:openai", "other"]);
    await second.close();
  });

  test.each([
    ["half a file", '{"format":"soulmirror-breakers","version":1,"brea'],
    ["an empty file", ""],
    ["somebody else's file", '{"name":"package"}'],
    ["noise", "\u0000\u0001\u0002"],
  ])("sets %s aside, says so, and goes on", async (_what, text) => {
    writeFileSync(file, text);
    const circuits = registry();
    expect(await circuits.getOrCreate("a").execute(() => 1)).toBe(1);
    expect(told).toEqual([
      expect.stringMatching(
        /^\S+breakers\.json cannot be understood \(.+\) and is now \S+\.corrupt-20/,
      ),
    ]);
    const aside = readdirSync(folder).find((name) => name.includes(".corrupt-")) ?? "";
    expect(readFileSync(join(folder, aside), "utf8")).toBe(text);
    await fail(circuits, "a");
    expect(await circuits.close()).toBe(true);
    expect(registry().getOrCreate("a").phase).toBe("open");
  });

  test("keeps no more than five of those that it has set aside", async () => {
    for (let time = 0; time < 8; time += 1) {
      writeFileSync(file, `broken ${time}`);
      const store = fileStateStore(file, { ...realTools, wallMs: () => time * 1000 });
      await store.load();
    }
    const aside = readdirSync(folder).sort();
    expect(aside).toHaveLength(5);
    expect(readFileSync(join(folder, aside[0] ?? ""), "utf8")).toBe("broken 3");
  });

  test("leaves out what is no state, and keeps the rest", async () => {
    const open = { name: "a", phase: "isolated", updatedAt: realTools.wallMs() };
    const breakers = [null, 5, { name: "x" }, { ...open, name: "" }, { ...open, phase: "?" }, open];
    writeFileSync(file, JSON.stringify({ format: "soulmirror-breakers", version: 1, breakers }));
    const circuits = registry();
    expect(circuits.getOrCreate("a").phase).toBe("isolated");
    expect(told).toEqual([`${file}: 5 entries are no states`]);
    await circuits.close();
  });

  test("leaves a file of a newer version alone, and says so", async () => {
    const text = '{"format":"soulmirror-breakers","version":2,"breakers":[]}';
    writeFileSync(file, text);
    const circuits = registry();
    await fail(circuits, "a");
    expect(await circuits.close()).toBe(false);
    expect(told[0]).toContain("written by a newer version");
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  test("a place that cannot be read or written is told with the fix, and stops no call", async () => {
    mkdirSync(file);
    const circuits = registry();
    expect(await circuits.getOrCreate("a").execute(() => 1)).toBe(1);
    await fail(circuits, "a");
    expect(circuits.get("a")?.phase).toBe("open");
    expect(await circuits.close()).toBe(false);
    expect(told[0]).toMatch(/^file \S+ cannot be read: state file \S+: EISDIR/);
    const store = fileStateStore(file, realTools);
    expect(() => store.load()).toThrow(
      expect.objectContaining({ code: "STORE_UNAVAILABLE", fix: expect.any(String) as string }),
    );
  });

  test("an option that cannot be is refused with key, value and fix", () => {
    const circuits = registry();
    expect(() => circuits.getOrCreate("a", { failureThreshold: 0 })).toThrow(
      "circuit a: failureThreshold: expected a whole number from 1 to 1000000000, found 0",
    );
    expect(() => circuits.getOrCreate("a", { treshold: 1 } as object)).toThrow("treshold");
  });
});

/** A process of its own that opens circuits on the same file, and ends as `end` says. */
function program(names: readonly string[], end: string): string {
  const from = (path: string): string =>
    JSON.stringify(new URL(`../../src/engine/${path}`, import.meta.url).href);
  return `
    import { CircuitBreakerRegistry } from ${from("breaker-states/circuit-breaker-registry.ts")};
    import { fileStateStore } from ${from("breaker-states/file-state-store.ts")};
    import { realTools } from ${from("real-tools.ts")};
    const file = ${JSON.stringify(file)};
    const registry = new CircuitBreakerRegistry({
      tools: realTools, store: fileStateStore(file, realTools), tell: console.error,
    });
    for (const name of ${JSON.stringify(names)}) {
      for (let time = 0; time < 5; time += 1) {
        await registry.getOrCreate(name).execute(() => {
          throw Object.assign(new Error("x"), { code: "ECONNREFUSED" });
        }).catch(() => {});
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    ${end}`;
}

describe("several processes on one file", () => {
  test("destroy nothing of each other", async () => {
    const all = Array.from({ length: 4 }, (_, index) =>
      Array.from({ length: 10 }, (_each, circuit) => `p${index}-c${circuit}`),
    );
    const ended = await Promise.all(
      all.map((names) =>
        run(process.execPath, [
          "--input-type=module",
          "-e",
          program(names, "if (!(await registry.close())) process.exitCode = 3;"),
        ]),
      ),
    );
    expect(ended.map(({ stderr }) => stderr)).toEqual(["", "", "", ""]);
    const { states, troubles } = await fileStateStore(file, realTools).load();
    expect(troubles).toEqual([]);
    expect(new Set(states.map(({ name }) => name))).toEqual(new Set(all.flat()));
    expect(states.every(({ phase }) => phase === "open")).toBe(true);
    expect(readdirSync(folder)).toEqual(["breakers.json"]);
  });

  test("one that just ends has saved what had opened, without being told to", () => {
    const child = spawnSync(process.execPath, ["--input-type=module", "-e", program(["a"], "")], {
      encoding: "utf8",
    });
    expect(child.stderr).toBe("");
    expect(registry().getOrCreate("a").phase).toBe("open");
  });

  test("one that is killed leaves a whole file, and its lock is taken over", async () => {
    const killed = program(
      ["a", "b", "c"],
      `await registry.memory.flush(); for (let n = 0; ; n += 1) {
        registry.getOrCreate("d" + n).open(60_000);
        if (n === 30) setTimeout(() => process.kill(process.pid, "SIGKILL"), 3);
        await new Promise(setImmediate);
      }`,
    );
    spawnSync(process.execPath, ["--input-type=module", "-e", killed]);
    const circuits = registry();
    expect(told).toEqual([]);
    expect(["a", "b", "c"].map((name) => circuits.getOrCreate(name).phase)).toEqual([
      "open",
      "open",
      "open",
    ]);
    await fail(circuits, "e");
    expect(await circuits.close()).toBe(true);
  });
});

describe("the table of an SQLite database", () => {
  test("has the columns and indexes that others know, and a database may be handed in", async () => {
    const db = new DatabaseSync(join(folder, "own.db"));
    const store = sqliteStateStore(db, realTools);
    await store.save([saved("a", { phase: "open", openedAt: 1, nextRetryAt: 2, updatedAt: 1 })]);
    const columns = db.prepare("pragma table_info(circuit_breaker_states)").all();
    expect(columns.map(({ name }) => name)).toEqual([
      "id",
      "circuit_name",
      "state",
      "failure_count",
      "success_count",
      "last_failure_at",
      "last_success_at",
      "opened_at",
      "next_retry_at",
      "configuration",
      "updated_at",
      "created_at",
    ]);
    const row = db.prepare("select * from circuit_breaker_states").get();
    expect(row).toMatchObject({ circuit_name: "a", state: "open", opened_at: 1, next_retry_at: 2 });
    await store.close?.();
    expect(db.isOpen).toBe(true);
    db.close();
  });

  test("a damaged database is told, and stops nobody", async () => {
    writeFileSync(join(folder, "bad.db"), "this is no database at all, whatever its name may say");
    const tell = (message: string): void => void told.push(message);
    const store = sqliteStateStore(join(folder, "bad.db"), realTools);
    const circuits = new CircuitBreakerRegistry({ tools: realTools, store, tell });
    expect(await circuits.getOrCreate("a").execute(() => 1)).toBe(1);
    expect(told[0]).toMatch(/^SQLite \S+bad\.db cannot be read: file is not a database/);
    await circuits.close();
  });
});

describe("boards for votes", () => {
  async function exchange(board: VoteBoard, others: VoteBoard): Promise<void> {
    const open = [{ name: "db", nextRetryAt: 2000 }];
    await board.post({ instance: "host/1", at: 900, open: [] });
    await board.post({ instance: "host/1", at: 1000, open });
    await others.post({ instance: "host/2", at: 1000, open: [] });
    const votes = await others.read();
    expect(votes.toSorted((a, b) => a.instance.localeCompare(b.instance))).toEqual([
      { instance: "host/1", at: 1000, open },
      { instance: "host/2", at: 1000, open: [] },
    ]);
    await others.post({ instance: "host/2", at: 1000 + 3_600_001, open: [] });
    await others.read();
    expect((await board.read()).map(({ instance }) => instance)).toEqual(["host/2"]);
  }

  test("a folder", async () => {
    await exchange(folderBoard(join(folder, "votes")), folderBoard(join(folder, "votes")));
    writeFileSync(join(folder, "votes", "x.vote"), "half a vo");
    expect(await folderBoard(join(folder, "votes")).read()).toHaveLength(1);
  });

  test("a Redis server", async () => {
    await using server = await startRedis();
    const [one, two] = [new Redis(server.port, server.host), new Redis(server.port, server.host)];
    await exchange(redisBoard(one), redisBoard(two));
    await one.hset("soulmirror:votes", "bad", "half a vo");
    expect(await redisBoard(two).read()).toHaveLength(1);
    one.disconnect();
    two.disconnect();
  });
});

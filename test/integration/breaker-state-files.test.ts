/** States of circuits in real files and databases, with several processes and what goes wrong. */
import { execFile, spawnSync } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { beforeEach, describe, expect, test } from "vitest";
import { CircuitBreakerRegistry } from "../../src/engine/breaker-states/circuit-breaker-registry.ts";
import { fileStateStore } from "../../src/engine/breaker-states/file-state-store.ts";
import { sqliteStateStore } from "../../src/engine/breaker-states/sqlite-state-store.ts";
import { createEngine } from "../../src/engine/index.ts";
import { realTools } from "../../src/engine/real-tools.ts";
import { temporaryFolder } from "../afterwards.ts";
import { saved } from "../conformance/breaker-state-store.ts";

const run = promisify(execFile);

const engineUrl = new URL("../../src/engine/index.ts", import.meta.url).href;

let folder: string;
let file: string;
let told: string[];

beforeEach(() => {
  folder = temporaryFolder("breakers");
  file = join(folder, "breakers.json");
  told = [];
});

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

  test("an engine says so to who listens to it, and else as a warning of the process", async () => {
    writeFileSync(file, "noise");
    const heard = createEngine({ breakerStates: file });
    heard.on("state", ({ message }) => told.push(message));
    await heard.close();
    expect(told).toEqual([expect.stringContaining("cannot be understood")]);
    const program = `import { createEngine } from ${JSON.stringify(engineUrl)};
      await createEngine({ breakerStates: process.argv[2] }).close();`;
    const app = join(folder, "app.ts");
    writeFileSync(app, program);
    writeFileSync(file, "noise");
    const { stderr } = await run(process.execPath, [app, file]);
    expect(stderr).toMatch(/\[SOULMIRROR_STATE\] SoulMirrorWarning: \S+ cannot be understood/);
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
    const open = { name: "a", phase: "isolated", isInduced: false, updatedAt: realTools.wallMs() };
    const breakers = [null, 5, { name: "x" }, { ...open, name: "" }, { ...open, phase: "?" }, open];
    writeFileSync(file, JSON.stringify({ format: "soulmirror-breakers", version: 1, breakers }));
    const circuits = registry();
    expect(circuits.getOrCreate("a").phase).toBe("isolated");
    expect(told).toEqual([`${file}: 5 entries are no states`]);
    await circuits.close();
  });

  test("of an older version frees what the daemon may have isolated, and keeps what was open", async () => {
    const nowMs = realTools.wallMs();
    const of = (name: string, phase: string) => {
      const nextRetryAt = phase === "open" ? nowMs + 50_000 : undefined;
      return { name, phase, openedAt: nowMs - 10_000, nextRetryAt, updatedAt: nowMs - 10_000 };
    };
    const breakers = [of("a", "isolated"), of("b", "open")];
    writeFileSync(file, JSON.stringify({ format: "soulmirror-breakers", version: 1, breakers }));
    const circuits = registry();
    expect(circuits.getOrCreate("a").phase).toBe("closed");
    expect(circuits.getOrCreate("b").phase).toBe("open");
    circuits.getOrCreate("a").isolate("by hand");
    await circuits.close();
    expect(registry().getOrCreate("a").phase).toBe("isolated");
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
    expect(told[0]).toMatch(/^file \S+ cannot be read: state file \S+: it is not a file/);
    const store = fileStateStore(file, realTools);
    expect(() => store.load()).toThrow(
      expect.objectContaining({ code: "STORE_UNAVAILABLE", fix: expect.any(String) as string }),
    );
  });

  test("a pipe is refused at once, and stays one", async () => {
    const { status } = spawnSync("mkfifo", [file]);
    expect(status).toBe(0);
    const circuits = registry();
    await fail(circuits, "a");
    expect(circuits.get("a")?.phase).toBe("open");
    expect(await circuits.close()).toBe(false);
    expect(told[0]).toBe(`file ${file} cannot be read: state file ${file}: it is not a file`);
    expect(lstatSync(file).isFIFO()).toBe(true);
  });

  test.each(["is there", "is not there yet"])(
    "a link to a file that %s stays a link",
    async (what) => {
      const target = join(folder, "elsewhere", "real.json");
      mkdirSync(join(folder, "elsewhere"));
      const none = { format: "soulmirror-breakers", version: 1, breakers: [] };
      if (what === "is there") writeFileSync(target, JSON.stringify(none));
      symlinkSync("elsewhere/real.json", file);
      const circuits = registry();
      await fail(circuits, "a");
      expect(await circuits.close()).toBe(true);
      expect(lstatSync(file).isSymbolicLink()).toBe(true);
      expect(readFileSync(target, "utf8")).toContain('"open"');
      expect(registry().getOrCreate("a").phase).toBe("open");
      expect(told).toEqual([]);
    },
  );

  test("a link to what cannot be understood stays, and its target is set aside", async () => {
    const target = join(folder, "real.json");
    writeFileSync(target, "noise");
    symlinkSync(target, file);
    const circuits = registry();
    await fail(circuits, "a");
    expect(await circuits.close()).toBe(true);
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, "utf8")).toContain('"open"');
    expect(
      readdirSync(folder).filter((each) => each.startsWith("real.json.corrupt-")),
    ).toHaveLength(1);
  });

  test("an isolation of a circuit outlives a restart, and ends where it was asked for", async () => {
    const first = registry();
    const release = first.getOrCreate("a").isolate("maintenance");
    first.getOrCreate("b").isolate("for good");
    release();
    expect(await first.close()).toBe(true);
    const second = registry();
    expect([second.getOrCreate("a").phase, second.getOrCreate("b").phase]).toEqual([
      "closed",
      "isolated",
    ]);
    second.memory.release("b");
    expect(second.getOrCreate("b").phase).toBe("closed");
    await second.close();
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

/**
 * `soulmirror/register` in real processes: each app runs with and without it. What the app does and
 * says is the same; what went wrong in silence is told beside it.
 */
import { describe, expect, it } from "vitest";
import {
  appFile,
  blocked,
  guarded,
  laterMs,
  type RunOptions,
  register,
  run,
  runFile,
  told,
} from "./register-bench.ts";

describe.concurrent("an app does, says and ends as it would without", () => {
  it.each<[string, string, RunOptions]>([
    ["it ends by itself", 'console.log("done")', {}],
    ["it crashes by an exception", 'setTimeout(() => { throw new Error("crash") }, MS)', {}],
    ["it crashes by a rejection", 'setTimeout(() => Promise.reject(new Error("x")), MS)', {}],
    [
      "it leaves in the middle",
      'process.on("exit", (c) => console.log(c)); setTimeout(() => { process.exit(7); }, MS); setInterval(() => {}, 10)',
      {},
    ],
    [
      "it is terminated",
      'setTimeout(() => console.log("ready"), MS); setInterval(() => {}, 1000)',
      { killAfter: "ready" },
    ],
    [
      "it ends on a signal",
      'process.once("SIGTERM", () => { console.log("bye"); process.exit(3); }); setTimeout(() => console.log("ready"), MS); setInterval(() => {}, 1000)',
      { killAfter: "ready" },
    ],
    [
      "it warns of a rejection",
      'Promise.reject(new Error("x")); setTimeout(() => {}, 300)',
      { flags: ["--unhandled-rejections=warn"] },
    ],
    [
      "its exit listener throws",
      'process.exitCode = 4; process.on("exit", () => { console.log("last"); })',
      {},
    ],
    [
      "it is CommonJS",
      'const fs = require("node:fs"); console.log(typeof fs.readFileSync, require.main === module)',
      { name: "app.cjs" },
    ],
  ])("%s", async (_, code, options) => {
    for (const ms of [10, laterMs]) {
      const file = await appFile(code.replace("MS", String(ms)), options.name ?? "app.mjs");
      const environment = options.environment ?? {};
      const { flags = [], killAfter } = options;
      const alone = await runFile(file, flags, { environment, killAfter });
      const besides = ["--import", register, ...flags];
      expect(await runFile(file, besides, { environment, killAfter })).toEqual(alone);
      if (!code.includes("MS")) break;
    }
  });

  it("with hooks and preloaded modules of others, by --require, and loaded twice", async () => {
    const hook = await appFile('globalThis.hooked = "by import";', "hook.mjs");
    const preload = await appFile('globalThis.preloaded = "by require";', "preload.cjs");
    const required = new URL(register).pathname;
    const ran = await run("console.log(hooked, preloaded, Object.keys(process).includes('emit'))", {
      flags: ["--import", hook, "--require", preload, "--require", required, "--import", register],
    });
    expect(ran).toEqual({ code: 0, signal: null, out: "by import by require false\n", err: "" });
  });

  it("loads nothing but itself at the start, and nothing at all when it is switched off", async () => {
    const spy = await appFile(
      `import { registerHooks } from "node:module";
      registerHooks({ load(url, context, next) {
        if (url.includes("/src/")) console.log(url.split("/src/")[1]);
        return next(url, context);
      } });`,
      "spy.mjs",
    );
    const loads = async (
      ms: number,
      environment: Readonly<Record<string, string>> = {},
    ): Promise<readonly string[]> => {
      const flags = ["--import", spy, "--import", register];
      const ran = await run(`setTimeout(() => {}, ${ms})`, { flags, environment });
      return ran.out.trim().split("\n");
    };
    expect(await loads(0)).toEqual(["public/register.ts"]);
    const off = { RELIABILITY_ENGINE_ENABLED: "false", RELIABILITY_FILES: "heal" };
    const daemon = { SOULMIRROR_ENDPOINT: "http://127.0.0.1:9" };
    expect(await loads(laterMs, { ...off, ...daemon })).toEqual(["public/register.ts"]);
    const [first, second, ...later] = await loads(laterMs);
    expect([first, second]).toEqual(["public/register.ts", "engine/silent/index.ts"]);
    expect(later).toContain("engine/silent/guard-process.ts");
    expect(later).not.toContain("engine/engine.ts");
    expect(await loads(laterMs, daemon)).toContain("engine/engine.ts");
  });

  it("counts a word that nobody understands as switched off, as the engine does", async () => {
    const environment = { RELIABILITY_ENGINE_ENABLED: "nope", RELIABILITY_FILES: "neither" };
    const code = "console.log(Object.hasOwn(process, 'emit'))";
    const { out, err } = await run(code, guarded({ environment }));
    expect(out).toBe("false\n");
    expect(err).toBe(
      'soulmirror: RELIABILITY_ENGINE_ENABLED: expected true or false, found "nope"; ' +
        "it counts as false; fix: write RELIABILITY_ENGINE_ENABLED=false to switch it off\n",
    );
  });
});

describe("a blocked event loop", () => {
  const blockOnce = `${blocked}later(() => { blockTheLoop(1200); setTimeout(() => clearInterval(alive), 500); });`;

  it("is told with the line that blocks it, once", async () => {
    const code = `${blocked}later(() => { blockTheLoop(1200); setTimeout(() => {
      blockTheLoop(1200); setTimeout(() => clearInterval(alive), 500); }, 500) });`;
    const ran = await run(code, guarded({ isAwaited: true }));
    expect(told(ran)).toHaveLength(1);
    expect(ran.err).toMatch(/blocked for \d+ ms in blockTheLoop \(.*app\.mjs:[45]\)/);
    expect(ran.code).toBe(0);
  });

  it.each<[string, string]>([
    ["with statements in the loop", "for (let i = 0; ; i += 1) { if (i < 0) break; }"],
    ["with nothing in the loop", "while (true);"],
  ])("is told while it lasts, as it may never end: %s", async (_, loop) => {
    const code = `later(function spin() { ${loop} });`;
    const ran = await run(code, guarded({ isAwaited: true, killAfter: "in spin" }));
    expect(ran.signal).toBe("SIGTERM");
    expect(told(ran)).toHaveLength(1);
  });

  it("is told also when it began before the watchdog did, and never ends", async () => {
    const watch = new URL("../../src/engine/silent/stall-watch.ts", import.meta.url).href;
    const code = `import { watchStalls } from "${watch}";
      watchStalls({ thresholdMs: 50, linePrefix: "soulmirror: ", onStall: () => {} });
      (function spin() { while (true); })();`;
    const ran = await run(code, { killAfter: "in spin" });
    expect(ran.signal).toBe("SIGTERM");
    expect(told(ran)).toHaveLength(1);
  });

  it.each<[string, RunOptions]>([
    ["for less than the threshold", { environment: { RELIABILITY_STALL_MS: "10s" } }],
    ["and the watch is off", { environment: { RELIABILITY_STALL_MS: "off" } }],
    ["and a debugger listens, which may be what holds it", { flags: ["--inspect=127.0.0.1:0"] }],
  ])("%s: is not told", async (_, options) => {
    const ran = await run(blockOnce, guarded({ ...options, isAwaited: true }));
    expect(told(ran)).toEqual([]);
    expect(ran.code).toBe(0);
  });

  it("says what is wrong with a threshold", async () => {
    const environment = { RELIABILITY_STALL_MS: "fast" };
    const code = "later(() => clearInterval(alive));";
    expect(told(await run(code, guarded({ environment, isAwaited: true })))).toEqual([
      'soulmirror: RELIABILITY_STALL_MS: expected a duration from 20ms, or off, found "fast"; ' +
        "fix: write RELIABILITY_STALL_MS=200ms",
    ]);
  });
});

describe.concurrent("errors that the process has survived", () => {
  const stay = `setInterval(() => {}, 1000);`;
  const ignore = `process.on("unhandledRejection", () => {}); process.on("uncaughtException", () => {});`;

  it.each<[string, string, RunOptions, RegExp]>([
    [
      "a rejection and a listener that does nothing",
      `${ignore} Promise.reject(new Error("lost"));`,
      {},
      /a promise was rejected, nobody handled it, and the process went on: lost \(.*app\.mjs:1/,
    ],
    [
      "a rejection that is only warned of",
      'Promise.reject(new Error("lost"));',
      { flags: ["--unhandled-rejections=warn"] },
      /nobody handled it.*lost/,
    ],
    [
      "a rejection that nothing is said of",
      'Promise.reject(new Error("lost"));',
      { flags: ["--unhandled-rejections=none"] },
      /nobody handled it.*lost/,
    ],
    [
      "an exception and a listener that does nothing",
      `${ignore} setTimeout(() => { throw new Error("lost") }, 5);`,
      {},
      /an exception was caught by nobody, and the process went on: lost/,
    ],
    [
      "a listener of an emitter that throws",
      `import { EventEmitter } from "node:events"; ${ignore} const e = new EventEmitter();
      e.on("x", () => { throw new Error("lost") }); setTimeout(() => e.emit("x"), 5);`,
      {},
      /a listener threw, those after it were not called.*lost/,
    ],
  ])("%s", async (_, ...[code, options, line]) => {
    const ran = await run(code + stay, guarded({ ...options, killAfter: "soulmirror: " }));
    expect(told(ran).join("\n")).toMatch(line);
    expect(told(ran)).toHaveLength(1);
  });

  it("are not told when somebody handles them in the end, nor when everything is off", async () => {
    const code = `const late = Promise.reject(new Error("late"));
      setTimeout(() => late.catch(() => {}), 300); later(() => clearInterval(alive));`;
    expect(told(await run(code, guarded({ isAwaited: true })))).toEqual([]);
    const off = { RELIABILITY_ENGINE_ENABLED: "false" };
    const lost = `${ignore} Promise.reject(new Error("lost")); setTimeout(() => {}, ${laterMs})`;
    expect((await run(lost, guarded({ environment: off }))).err).toBe("");
  });

  it("are told in worker threads and in child processes, too", async () => {
    const code = (
      where: string,
    ): string => `import { Worker, isMainThread } from "node:worker_threads";
      import { fork } from "node:child_process"; import { fileURLToPath } from "node:url";
      const me = fileURLToPath(import.meta.url); ${ignore}
      const isStart = isMainThread && process.send === undefined;
      if (!isStart) Promise.reject(new Error("lost ${where}"));
      else if ("${where}" === "thread") new Worker(me); else fork(me);
      process.on("disconnect", () => process.exit()); ${stay}`;
    for (const where of ["thread", "child"]) {
      const ran = await run(code(where), guarded({ killAfter: "soulmirror: " }));
      expect(told(ran).join("\n")).toContain(`lost ${where}`);
    }
  });
});

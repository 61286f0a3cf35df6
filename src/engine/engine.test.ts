/** N1 to N4, and what the engine says of itself. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { ManualTools } from "../resilience/index.ts";
import { type EngineOptions, InfrastructureReliabilityEngine } from "./engine.ts";

class Folder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), "engine-"));
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

const down = {
  ask: async (): Promise<string> => {
    throw new Error("down");
  },
};

function engineOf(options: EngineOptions = {}): InfrastructureReliabilityEngine {
  return new InfrastructureReliabilityEngine({ autoRetry: false, ...options }, new ManualTools());
}

async function breakOff(engine: InfrastructureReliabilityEngine): Promise<void> {
  const it = engine.wrap("it", down);
  for (let count = 0; count < 5; count += 1) await expect(it.ask()).rejects.toThrow("down");
}

test("a circuit that was open is open for the first call after a restart (N4)", async () => {
  using folder = new Folder();
  const breakerStates = join(folder.path, "states", "circuits.json");
  const first = engineOf({ breakerStates });
  await breakOff(first);
  await first.close();
  const second = engineOf({ breakerStates });
  let calls = 0;
  const it = second.wrap("it", { ask: async () => (calls += 1) });
  await expect(it.ask()).rejects.toThrow("the circuit of it.ask is open");
  expect(calls).toBe(0);
  await second.close();
});

test("a state file that is damaged is set aside, told, and stops nobody", async () => {
  using folder = new Folder();
  const breakerStates = join(folder.path, "circuits.json");
  writeFileSync(breakerStates, '{"format": "soulmirror-breakers", "vers');
  const engine = engineOf({ breakerStates });
  expect(await engine.wrap("it", { ask: async () => "well" }).ask()).toBe("well");
  expect(readdirSync(folder.path).some((name) => name.includes("corrupt"))).toBe(true);
  await engine.close();
});

test("health is the worst of all checks, and a broken circuit degrades it", async () => {
  const engine = new InfrastructureReliabilityEngine({ autoRetry: false });
  await breakOff(engine);
  engine.registerService("queue", { push() {} }, { check: () => "unhealthy" });
  const { overall, checks } = await engine.getSystemHealth();
  expect(overall).toBe("unhealthy");
  const statuses = Object.fromEntries(checks.map(({ name, status }) => [name, status]));
  expect(statuses).toMatchObject({ circuits: "degraded", queue: "unhealthy" });
  expect(Object.keys(statuses)).toEqual(expect.arrayContaining(["memory", "cpu", "disk"]));
  await engine.close();
});

test("mistakes of a file that was only found are told once, and degrade health", async () => {
  using folder = new Folder();
  mkdirSync(join(folder.path, "config"));
  writeFileSync(
    join(folder.path, "config", "reliability.yml"),
    "services: { chat: { timeot: 1s } }",
  );
  // A thread cannot change its folder.
  const there = vi.spyOn(process, "cwd").mockReturnValue(folder.path);
  const engine = engineOf();
  there.mockRestore();
  const told: string[] = [];
  engine.on("configuration", ({ message }) => void told.push(message));
  await Promise.resolve();
  engine.wrap("other", { ask() {} }, { timeout: 5 });
  const refused = told.filter((message) => message.includes("timeot"));
  expect(refused).toHaveLength(1);
  expect(refused[0]).toMatch(/reliability\.yml:1:\d+ services\.chat\.timeot: .*timeout/);
  expect(engine.mode).toBe("shadow");
  const { checks } = await engine.getSystemHealth();
  expect(checks.find(({ name }) => name === "configuration")?.status).toBe("degraded");
  expect(engine.problems).toHaveLength(1);
  await engine.close();
});

test("a mistake of the environment is told with name, value and fix, and as a warning where nobody listens", async () => {
  process.env["SOULMIRROR_MODE"] = "bogus";
  const warnings: Error[] = [];
  const hear = (warning: Error): void => void warnings.push(warning);
  process.on("warning", hear);
  const engines = [engineOf(), engineOf()] as const;
  delete process.env["SOULMIRROR_MODE"];
  const told: string[] = [];
  engines[1].on("configuration", ({ message }) => void told.push(message));
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", hear);
  const message =
    "environment variable SOULMIRROR_MODE: expected off | shadow | monitor | limited | full, " +
    'found "bogus"; it counts as shadow; write SOULMIRROR_MODE=full (or limited, monitor, shadow, off)';
  expect(told).toEqual([message]);
  expect(warnings.map((warning) => `${warning.name}: ${warning.message}`)).toEqual([
    `SoulMirrorWarning: ${message}`,
  ]);
  expect(engines.map(({ mode }) => mode)).toEqual(["shadow", "shadow"]);
  const { checks } = await engines[0].getSystemHealth();
  expect(checks.find(({ name }) => name === "configuration")).toMatchObject({
    status: "degraded",
    message: message.split("; write")[0],
  });
  for (const engine of engines) await engine.close();
});

test("a mode that is set is told, and the kill switch of the environment wins over it", () => {
  const engine = engineOf();
  const told: string[] = [];
  engine.on("mode", ({ message }) => void told.push(message));
  engine.setMode("shadow");
  expect(told).toEqual(['mode: "full" is now "shadow" (setMode)']);
  expect(engine.mode).toBe("shadow");
  process.env["RELIABILITY_ENGINE_ENABLED"] = "false";
  try {
    const raw = { ask: async () => "well" };
    const off = engineOf();
    off.setMode("full");
    expect(off.mode).toBe("off");
    expect(off.wrap("it", raw)).toBe(raw);
  } finally {
    delete process.env["RELIABILITY_ENGINE_ENABLED"];
  }
});

test("what cannot be set is named with its key, its value and the fix", () => {
  expect(() => engineOf({ timeout: "-3s" })).toThrow(
    /createEngine: timeout: expected a duration, found "-3s"/,
  );
  expect(() => engineOf({ mode: "ful" as "full" })).toThrow(
    /mode: expected off \| shadow \| monitor \| limited \| full, found "ful"/,
  );
  expect(() => new InfrastructureReliabilityEngine("no/such/file.yml")).toThrow(
    /there is no file no\/such\/file\.yml/,
  );
});

/** What the package promises by name (docs/engine/contract.md), on its doors: the engine itself. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { safeReadFile, safeUpdateFile, safeWriteFile } from "../../src/public/files.ts";
import {
  InfrastructureReliabilityEngine,
  type RecoverySuccess,
  type ServiceError,
} from "../../src/public/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { engineOf, withCode } from "./engine-rows-bench.ts";

let folder: string;

beforeEach(() => {
  folder = temporaryFolder("engine-rows");
});

describe("E1: wrap", () => {
  class Mail {
    readonly #sent: string[] = [];
    async send(text: string): Promise<number> {
      return this.#sent.push(text);
    }
  }

  test("an instance, a class, an object, a function and a CommonJS module keep their API", async () => {
    const engine = new InfrastructureReliabilityEngine();
    afterwards(() => engine.close());
    const instance = engine.wrap("instance", new Mail());
    expect(await instance.send("a")).toBe(1);
    expect(instance).toBeInstanceOf(Mail);
    const Wrapped = engine.wrap("class", Mail);
    const made = new Wrapped();
    expect([made instanceof Mail, await made.send("a"), await made.send("b")]).toEqual([
      true,
      1,
      2,
    ]);
    expect(await engine.wrap("object", { add: async (a: number) => a + 1 }).add(1)).toBe(2);
    expect(engine.wrap("function", (a: number, b: number) => a * b)(2, 3)).toBe(6);
    const file = join(folder, "prices.cjs");
    writeFileSync(file, "exports.priceOf = async (name) => name.length;");
    const required = createRequire(import.meta.url)(file) as {
      priceOf(name: string): Promise<number>;
    };
    expect(await engine.wrap("module", required).priceOf("tea")).toBe(3);
    expect([...engine.operations()].map(({ name, succeeded }) => [name, succeeded])).toEqual([
      ["instance.send", 1],
      ["class.send", 2],
      ["object.add", 1],
      ["function", 1],
      ["module.priceOf", 1],
    ]);
  });
});

describe("E2 to E6: the engine's own functions", () => {
  test("what registerService returns is observed, and its health is part of the whole", async () => {
    const engine = engineOf();
    const price = { of: async (name: string) => name.length };
    const check = () => ({ status: "degraded" as const, message: "slow today" });
    const prices = engine.registerService("prices", price, { check });
    expect(await prices.of("tea")).toBe(3);
    expect(engine.operation("prices.of")).toMatchObject({ calls: 1, succeeded: 1 });
    const health = await engine.getSystemHealth();
    expect(Object.keys(health).toSorted()).toEqual(["checks", "overall", "timestamp"]);
    expect(health.checks.find(({ name }) => name === "prices")).toMatchObject({
      status: "degraded",
      message: "slow today",
    });
    // As an existing validator would take it in.
    const validated = { isValid: true, infrastructure: await engine.getHealth() };
    expect(JSON.parse(JSON.stringify(validated.infrastructure))).toMatchObject({
      overall: health.overall,
    });
    expect(engine.predictIssues()).toMatchObject([{ subject: "prices", kind: "health_check" }]);
    expect(engine.getPredictions()).toMatchObject([{ subject: "prices" }]);
    expect(engine.optimizePerformance()).toMatchObject({ recommendations: [] });
  });

  test("service_error and recovery_success are told", async () => {
    const engine = engineOf({ autoRetry: true, services: { mail: { retry: { delay: 1 } } } });
    const failures: ServiceError[] = [];
    const successes: RecoverySuccess[] = [];
    engine.on("service_error", (failure) => failures.push(failure));
    engine.on("recovery_success", (success) => successes.push(success));
    let calls = 0;
    const mail = engine.wrap("mail", {
      async send() {
        calls += 1;
        if (calls === 1 || calls > 2) throw withCode("ECONNREFUSED");
        return "sent";
      },
    });
    expect(await mail.send()).toBe("sent");
    expect(successes).toMatchObject([{ operation: "mail.send", by: "retry", attempts: 2 }]);
    await expect(mail.send()).rejects.toThrow("ECONNREFUSED");
    expect(failures).toMatchObject([
      { operation: "mail.send", category: "connection_refused", attempts: 3 },
    ]);
  });
});

describe("E7: configuration", () => {
  test("each key of config/reliability.yml is taken", () => {
    mkdirSync(join(folder, "config"));
    const file = join(folder, "config/reliability.yml");
    writeFileSync(
      file,
      `services:
  chat-analyzer:
    auto_retry: true
    timeout: 30s
    health_check: /health
    recovery_strategy: restart, reconnect, failover
  own-retries: { auto_retry: false, health_check: custom }
  by-url: { health_check: "http://127.0.0.1:1/health" }
`,
    );
    const { settings } = engineOf(file);
    expect(settings.settingsOf("chat-analyzer")).toMatchObject({
      timeoutMs: 30_000,
      retry: { permission: "declared_idempotent" },
      healthCheck: { kind: "path" },
      strategies: ["restart", "reconnect", "failover"],
    });
    expect(settings.settingsOf("own-retries")).toMatchObject({
      retry: { permission: "never" },
      healthCheck: { kind: "custom" },
    });
    expect(settings.settingsOf("by-url").healthCheck).toMatchObject({ kind: "url" });
  });

  test("each key of .reliability-config.json is taken, and has its default", () => {
    const file = join(folder, ".reliability-config.json");
    const written = {
      engine: {
        mode: "production",
        autoRecover: false,
        silentErrorDetection: false,
        predictiveMonitoring: false,
      },
      integration: {
        wrapExistingServices: false,
        enhanceExistingMonitors: false,
        unifiedDashboard: false,
      },
      thresholds: { errorRate: 0.02, responseTime: 2000, memoryUsage: 0.9, cpuUsage: 0.6 },
    };
    writeFileSync(file, JSON.stringify(written));
    const valuesOf = (engine: InfrastructureReliabilityEngine) => {
      const { settings } = engine;
      const { autoRecovery, silentErrors, predictions } = settings.switches;
      return {
        mode: engine.mode,
        switches: [autoRecovery, silentErrors, predictions],
        integration: (
          ["wrapExistingServices", "enhanceExistingMonitors", "unifiedDashboard"] as const
        ).map((name) => settings.value(`integration.${name}`)),
        thresholds: (["errorRate", "responseTimeMs", "memoryUsage", "cpuUsage"] as const).map(
          (name) => settings.value(`thresholds.${name}`),
        ),
      };
    };
    expect(valuesOf(engineOf(file))).toEqual({
      mode: "full",
      switches: [false, false, false],
      integration: [false, false, false],
      thresholds: [0.02, 2000, 0.9, 0.6],
    });
    expect(valuesOf(engineOf())).toEqual({
      mode: "full",
      switches: [true, true, true],
      integration: [true, true, true],
      thresholds: [0.01, 1000, 0.8, 0.7],
    });
  });
});

/** For as long as the test. */
function setVariable(name: string, value: string): void {
  process.env[name] = value;
  afterwards(() => delete process.env[name]);
}

describe("E8: modes and flags", () => {
  test.each(["off", "shadow", "monitor", "limited", "full"] as const)("mode %s is one", (mode) => {
    expect(engineOf({ mode }).mode).toBe(mode);
  });

  test("the kill switch wins over all: what is wrapped is the raw thing", () => {
    setVariable("RELIABILITY_ENGINE_ENABLED", "false");
    const engine = engineOf({ mode: "full" });
    const raw = { send: async () => "sent" };
    expect(engine.wrap("mail", raw)).toBe(raw);
    expect(engine.mode).toBe("off");
  });

  test.each([
    ["SELF_HEALING_ENABLED", "selfHealing"],
    ["INSTRUMENTATION_ENABLED", "instrumentation"],
    ["HEALTH_MONITORING_ENABLED", "healthMonitoring"],
    ["CIRCUIT_BREAKERS_ENABLED", "breakers"],
    ["AUTO_RECOVERY_ENABLED", "autoRecovery"],
    ["RETRY_STRATEGY_ENABLED", "retry"],
    ["FAILOVER_STRATEGY_ENABLED", "failover"],
  ] as const)("%s is on unless it is false", (name, word) => {
    expect(engineOf().settings.switches[word]).toBe(true);
    setVariable(name, "false");
    expect(engineOf().settings.switches[word]).toBe(false);
  });

  test.each(["SELF_HEALING_ENABLED", "RETRY_STRATEGY_ENABLED"])(
    "%s=false: nothing is done again",
    async (name) => {
      setVariable(name, "false");
      const engine = engineOf({ autoRetry: true });
      let calls = 0;
      const mail = engine.wrap("mail", {
        async send() {
          calls += 1;
          throw withCode("ECONNREFUSED");
        },
      });
      await expect(mail.send()).rejects.toThrow("ECONNREFUSED");
      expect(calls).toBe(1);
    },
  );
});

describe("E18: files", () => {
  test("safeWriteFile makes folders, keeps permissions, and is read at once", async () => {
    const file = join(folder, "a/b/state.json");
    const writing = safeWriteFile(file, "one", { mode: 0o640 });
    // Nobody has awaited the write: it is read all the same.
    expect(String(await safeReadFile(file))).toBe("one");
    await writing;
    expect(statSync(file).mode & 0o777).toBe(0o640);
    await safeWriteFile(file, "two");
    expect([readFileSync(file, "utf8"), statSync(file).mode & 0o777]).toEqual(["two", 0o640]);
    await expect(safeWriteFile(file, "")).rejects.toThrow("nothing was given");
    expect(readFileSync(file, "utf8")).toBe("two");
  });

  test("writers that conflict lose nothing of each other", async () => {
    const file = join(folder, "count");
    await safeWriteFile(file, "0");
    const add = () => safeUpdateFile(file, (text) => String(Number(String(text)) + 1));
    await Promise.all(Array.from({ length: 25 }, add));
    expect(readFileSync(file, "utf8")).toBe("25");
  });
});

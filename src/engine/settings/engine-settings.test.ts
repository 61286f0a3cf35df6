import { describe, expect, it } from "vitest";
import { checkOptions, optionsOf } from "../../kernel/index.ts";
import { type EngineOptionsInCode, engineOptionReaders, layerOfCode } from "./code-options.ts";
import { changesBetween, EngineSettings } from "./engine-settings.ts";
import { type Environment, environmentNames, readEnvironment } from "./environment.ts";
import type { EngineValues, Entry, Layer } from "./setting.ts";

const readers = optionsOf(engineOptionReaders);

function code(options: EngineOptionsInCode): Layer {
  return layerOfCode(checkOptions("createEngine", options, readers));
}

function files(...entries: readonly Omit<Entry, "key" | "from">[]): Layer {
  const placed = entries.map((entry, index) => ({
    ...entry,
    key: entry.leaf,
    from: `reliability.yml:${index + 1}:1`,
  }));
  return { name: "files", entries: placed };
}

function settings(environment: Environment, ...layers: readonly Layer[]): EngineSettings {
  return new EngineSettings([...layers, readEnvironment(environment).layer]);
}

describe("settings without a word from anybody", () => {
  const { defaults, mode } = settings({});

  it("are those that are promised", () => {
    expect(mode).toBe("full");
    expect(defaults.timeoutMs).toBe(30_000);
    expect(defaults.retry).toMatchObject({
      permission: "never_started",
      attempts: 3,
      delayMs: 1000,
      growth: 2,
    });
    expect(defaults.breaker).toMatchObject({
      failureThreshold: 5,
      successThreshold: 2,
      resetTimeoutMs: 60_000,
    });
    expect(defaults.bulkhead).toBeUndefined();
    expect(Object.values(defaults.acts)).not.toContain(false);
  });

  it("are one object for all operations (S4)", () => {
    const some = settings({}, code({ services: { chat: { methods: { ask: { timeout: 5 } } } } }));
    expect(some.settingsOf("other", "a")).toBe(some.defaults);
    expect(some.settingsOf("other", "b")).toBe(some.defaults);
    expect(some.settingsOf("chat", "ask").timeoutMs).toBe(5);
    expect(some.settingsOf("chat", "tell")).toBe(some.settingsOf("chat"));
    expect(some.settingsOf("chat", "ask")).toBe(some.settingsOf("chat", "ask"));
  });

  it("cannot be changed", () => {
    expect(Object.isFrozen(defaults) && Object.isFrozen(defaults.retry)).toBe(true);
    expect(Object.isFrozen(defaults.acts) && Object.isFrozen(defaults.breaker)).toBe(true);
  });
});

describe("who wins", () => {
  it("the narrower place (S1)", () => {
    const all = settings(
      { CIRCUIT_BREAKER_TIMEOUT_MS: "7000" },
      code({
        timeout: "9s",
        services: { chat: { timeout: "5s", methods: { ask: { timeout: 1 } } } },
      }),
    );
    expect(all.defaults.timeoutMs).toBe(7000);
    expect(all.settingsOf("chat").timeoutMs).toBe(5000);
    expect(all.settingsOf("chat", "ask").timeoutMs).toBe(1);
  });

  it("in one place the stronger source (S2)", () => {
    const written = code({ timeout: 1, retry: { attempts: 2 }, services: { a: { timeout: 10 } } });
    const inFile = files(
      { leaf: "timeoutMs", value: 2 },
      { leaf: "timeoutMs", service: "a", value: 20 },
      { leaf: "breaker.failureThreshold", value: 7 },
    );
    const runtime: Layer = {
      name: "runtime",
      entries: [{ leaf: "timeoutMs", service: "a", value: 30, key: "timeout", from: "a person" }],
    };
    // In whatever order the sources are handed in.
    const all = settings({ CIRCUIT_BREAKER_FAILURE_THRESHOLD: "9" }, runtime, inFile, written);
    expect(all.defaults).toMatchObject({ timeoutMs: 2, retry: { attempts: 2 } });
    expect(all.defaults.breaker?.failureThreshold).toBe(9);
    expect(all.settingsOf("a").timeoutMs).toBe(30);
  });

  it("of modes the most restrictive, wherever it was said (S3)", () => {
    const all = settings(
      { SOULMIRROR_MODE: "limited" },
      code({
        mode: "full",
        limitedTo: ["breaker"],
        services: { a: { mode: "shadow" }, b: { mode: "full" } },
      }),
    );
    expect(all.mode).toBe("limited");
    expect(all.settingsOf("a").mode).toBe("shadow");
    expect(all.settingsOf("b").mode).toBe("limited");
    expect(all.settingsOf("b").acts).toMatchObject({ breaker: true, retry: false, timeout: false });
    expect(Object.values(all.settingsOf("a").acts)).not.toContain(true);
  });

  it.each(["false", "0", "no", "OFF", "flase"])(
    "over all of them RELIABILITY_ENGINE_ENABLED=%s",
    (word) => {
      const runtime: Layer = {
        name: "runtime",
        entries: [{ leaf: "switches.engine", value: true, key: "engine", from: "a person" }],
      };
      const all = settings(
        { RELIABILITY_ENGINE_ENABLED: word },
        runtime,
        code({ mode: "full", switches: { engine: true }, services: { a: { mode: "full" } } }),
      );
      expect(all.mode).toBe("off");
      expect(all.settingsOf("a", "b").mode).toBe("off");
      expect(Object.values(all.settingsOf("a").acts)).not.toContain(true);
      const mode = all.explain("a").find(({ name }) => name === "mode");
      expect(mode).toMatchObject({
        value: "off",
        from: "environment variable RELIABILITY_ENGINE_ENABLED",
      });
    },
  );

  it("a switch holds back what it names, and nothing else", () => {
    const held = (name: string): readonly string[] => {
      const { acts } = settings({ [name]: "false" }).defaults;
      return Object.entries(acts).flatMap(([part, acting]) => (acting ? [] : [part]));
    };
    expect(held("CIRCUIT_BREAKERS_ENABLED")).toEqual(["breaker"]);
    expect(held("RETRY_STRATEGY_ENABLED")).toEqual(["retry"]);
    expect(held("FAILOVER_STRATEGY_ENABLED")).toEqual(["failover"]);
    expect(held("AUTO_RECOVERY_ENABLED")).toEqual(["recovery", "optimize"]);
    expect(held("INSTRUMENTATION_ENABLED")).toEqual([]);
    expect(settings({ INSTRUMENTATION_ENABLED: "false" }).switches.instrumentation).toBe(false);
    expect(settings({ SELF_HEALING_ENABLED: "false" }).mode).toBe("monitor");
    expect(settings({ SELF_HEALING_ENABLED: "true" }).mode).toBe("full");
  });
});

describe("every effective value", () => {
  it("says where it is from, and what it won over", () => {
    const all = settings(
      { CIRCUIT_BREAKER_FAILURE_THRESHOLD: "9" },
      code({ breaker: { failureThreshold: 3 }, services: { chat: { timeout: "5s" } } }),
      files({ leaf: "breaker.failureThreshold", value: 4 }),
    );
    const of = (name: string): unknown => all.explain("chat", "ask").find((e) => e.name === name);
    expect(of("breaker.failureThreshold")).toMatchObject({
      value: 9,
      from: "environment variable CIRCUIT_BREAKER_FAILURE_THRESHOLD",
      overridden: [
        { value: 4, from: "reliability.yml:1:1" },
        { value: 3, from: "code (`breaker.failureThreshold`)" },
      ],
    });
    expect(of("timeoutMs")).toMatchObject({ value: 5000, from: "code (`services.chat.timeout`)" });
    expect(of("retry.attempts")).toMatchObject({ value: 3, from: "built-in default" });
  });

  it("is told when it changes, once, at the place where it was said", () => {
    const before = settings({}, files({ leaf: "timeoutMs", service: "chat", value: 5 }));
    const after = settings(
      {},
      files({ leaf: "timeoutMs", service: "chat", value: 7 }, { leaf: "retry.attempts", value: 4 }),
    );
    expect(changesBetween(before, after)).toEqual([
      {
        key: "retry.attempts",
        name: "retry.attempts",
        before: 3,
        after: 4,
        from: "reliability.yml:2:1",
        service: undefined,
        method: undefined,
      },
      {
        key: "chat.timeoutMs",
        name: "timeoutMs",
        service: "chat",
        method: undefined,
        before: 5,
        after: 7,
        from: "reliability.yml:1:1",
      },
    ]);
    expect(changesBetween(before, before)).toEqual([]);
  });
});

describe("health checks", () => {
  it.each([
    ["http://h:1/x", undefined, { kind: "url", url: "http://h:1/x" }],
    ["/health", "http://127.0.0.1:4102", { kind: "url", url: "http://127.0.0.1:4102/health" }],
    ["/health", undefined, { kind: "path", path: "/health" }],
    ["custom", "http://127.0.0.1:4102", { kind: "custom" }],
  ] as const)("%s at %s", (healthCheck, address, expected) => {
    const given = { healthCheck, ...(address === undefined ? {} : { address }) };
    const all = settings({}, code({ services: { a: given } }));
    expect(all.settingsOf("a").healthCheck).toEqual(expected);
  });
});

describe("the environment", () => {
  const promised = (
    "METRICS_BATCH_SIZE METRICS_FLUSH_INTERVAL_MS METRICS_REDIS_STREAM_KEY REDIS_URL " +
    "HEALTH_CHECK_INTERVAL_MS HEALTH_CHECK_TIMEOUT_MS CIRCUIT_BREAKER_FAILURE_THRESHOLD " +
    "CIRCUIT_BREAKER_SUCCESS_THRESHOLD CIRCUIT_BREAKER_TIMEOUT_MS CIRCUIT_BREAKER_RESET_TIMEOUT_MS " +
    "RECOVERY_MAX_RETRY_ATTEMPTS RECOVERY_RETRY_BASE_DELAY_MS ALERT_EMAIL_ENABLED ALERT_SMS_ENABLED " +
    "ALERT_WEBHOOK_URL RELIABILITY_ENGINE_ENABLED SELF_HEALING_ENABLED INSTRUMENTATION_ENABLED " +
    "HEALTH_MONITORING_ENABLED CIRCUIT_BREAKERS_ENABLED AUTO_RECOVERY_ENABLED RETRY_STRATEGY_ENABLED " +
    "FAILOVER_STRATEGY_ENABLED"
  ).split(" ");

  it("has every promised name", () => {
    expect(new Set(environmentNames)).toEqual(new Set([...promised, "SOULMIRROR_MODE"]));
  });

  it("sets what its names say", () => {
    const environment = {
      METRICS_BATCH_SIZE: "10",
      METRICS_FLUSH_INTERVAL_MS: "20",
      METRICS_REDIS_STREAM_KEY: "s",
      REDIS_URL: "redis://r",
      HEALTH_CHECK_INTERVAL_MS: "30",
      HEALTH_CHECK_TIMEOUT_MS: "40",
      CIRCUIT_BREAKER_FAILURE_THRESHOLD: "50",
      CIRCUIT_BREAKER_SUCCESS_THRESHOLD: "60",
      CIRCUIT_BREAKER_TIMEOUT_MS: "70",
      CIRCUIT_BREAKER_RESET_TIMEOUT_MS: "80",
      RECOVERY_MAX_RETRY_ATTEMPTS: "9",
      RECOVERY_RETRY_BASE_DELAY_MS: "100",
      ALERT_EMAIL_ENABLED: "true",
      ALERT_SMS_ENABLED: "",
      ALERT_WEBHOOK_URL: "http://w",
    };
    const all = settings(environment);
    expect(all.defaults).toMatchObject({
      timeoutMs: 70,
      retry: { attempts: 9, delayMs: 100 },
      breaker: { failureThreshold: 50, successThreshold: 60, resetTimeoutMs: 80 },
    });
    const of = (name: keyof EngineValues): unknown => all.value(name);
    expect([of("telemetry.batchSize"), of("telemetry.flushIntervalMs")]).toEqual([10, 20]);
    expect([of("telemetry.redisStreamKey"), of("telemetry.redisUrl")]).toEqual(["s", "redis://r"]);
    expect([of("health.intervalMs"), of("health.timeoutMs")]).toEqual([30, 40]);
    expect([of("alerts.email"), of("alerts.sms"), of("alerts.webhookUrl")]).toEqual([
      true,
      false,
      "http://w",
    ]);
  });

  it.each([
    ["METRICS_BATCH_SIZE", "0", "expected a whole number from 1 to 2147483647"],
    ["CIRCUIT_BREAKER_TIMEOUT_MS", "-5", 'found "-5"'],
    ["CIRCUIT_BREAKER_TIMEOUT_MS", "30s", 'found "30s"'],
    ["RECOVERY_MAX_RETRY_ATTEMPTS", "99999999999", "expected a whole number"],
    [
      "RETRY_STRATEGY_ENABLED",
      "flase",
      'expected true or false, found "flase"; it counts as false',
    ],
    ["SOULMIRROR_MODE", "ful", 'expected off | shadow | monitor | limited | full, found "ful"'],
  ])("%s=%s is named with its value and the fix (V1, V2)", (name, value, message) => {
    const { problems } = readEnvironment({ [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ file: `environment variable ${name}`, key: name });
    expect(problems[0]?.message).toContain(message);
    expect(problems[0]?.fix).toContain(`${name}=`);
  });

  it("keeps what held before where a number cannot be (V1), and holds back where a switch cannot (V2)", () => {
    const all = settings({ CIRCUIT_BREAKER_TIMEOUT_MS: "x", RETRY_STRATEGY_ENABLED: "x" });
    expect(all.defaults.timeoutMs).toBe(30_000);
    expect(all.defaults.acts.retry).toBe(false);
  });
});

describe("options in code", () => {
  it.each([
    [{ timeout: -1 }, "createEngine: timeout: expected a duration, found -1"],
    [
      { breaker: { failureTreshold: 3 } },
      'breaker.failureTreshold: there is no option "failureTreshold"',
    ],
    [{ recoveryStrategy: "restrat" }, "recoveryStrategy: expected retry | reconnect"],
    [
      { services: { a: { methods: { b: { retry: { attempts: 0 } } } } } },
      "services.a.methods.b.retry.attempts",
    ],
    [
      { services: { a: { healthCheck: "health" } } },
      'services.a.healthCheck: expected a URL, a path or custom, found "health"',
    ],
    [{ limitedTo: ["breker"] }, "limitedTo[0]: expected timeout | retry"],
    [{ mode: "on" }, 'mode: expected off | shadow | monitor | limited | full, found "on"'],
  ])("%j is refused", (given, message) => {
    expect(() => code(given as EngineOptionsInCode)).toThrow(message);
  });

  it("say the same as the file", () => {
    const all = settings(
      {},
      code({
        autoRetry: true,
        timeout: false,
        breaker: { resetTimeout: "2m", slowCall: 50, window: "1m", resetTimeoutMax: "1m" },
        bulkhead: { limit: 5, queue: 10 },
        recoveryStrategy: "failover",
        services: { a: { breaker: false, autoRetry: false } },
      }),
    );
    expect(all.defaults).toMatchObject({
      timeoutMs: undefined,
      retry: { permission: "declared_idempotent" },
      breaker: {
        resetTimeoutMs: 120_000,
        slowCallMs: 50,
        windowMs: 60_000,
        resetTimeoutMaxMs: 120_000,
      },
      bulkhead: { limit: 5, queue: 10 },
      strategies: ["failover"],
    });
    expect(all.settingsOf("a")).toMatchObject({
      breaker: undefined,
      retry: { permission: "never" },
    });
  });
});

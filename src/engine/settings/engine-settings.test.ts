import { describe, expect, it } from "vitest";
import { checkOptions, optionsOf } from "../../kernel/index.ts";
import { type EngineOptionsInCode, engineOptionReaders, layerOfCode } from "./code-options.ts";
import { EngineSettings } from "./engine-settings.ts";
import { type Environment, readEnvironment } from "./environment.ts";
import type { Entry, Layer } from "./setting.ts";

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
    expect(before.changesTo(after)).toEqual([
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
    expect(before.changesTo(before)).toEqual([]);
  });
});

describe("what is declared of one service (S5)", () => {
  const entry = (service: string, value: number): Entry => ({
    service,
    leaf: "timeoutMs",
    value,
    key: "timeout",
    from: "code",
  });

  it("looks at no other, however many there are", () => {
    let looks = 0;
    const counted = (service: string, value: number): Entry =>
      new Proxy(entry(service, value), {
        get: (target, key) => {
          looks += 1;
          return Reflect.get(target, key) as unknown;
        },
      });
    const costOf = (before: EngineSettings, service: string): [EngineSettings, number] => {
      looks = 0;
      const after = before.declared(service, [counted(service, 7)]);
      expect(before.changesOf(service, after)).toHaveLength(1);
      expect(after.settingsOf(service).timeoutMs).toBe(7);
      return [after, looks];
    };
    const [start, first] = costOf(settings({}), "first");
    let all = start;
    for (let count = 0; count < 1000; count += 1) [all] = costOf(all, `service ${count}`);
    expect(costOf(all, "last")[1]).toBe(first);
    expect(all.services).toHaveLength(1001);
  });

  it("leaves older settings as they were, and stands in for what code said before", () => {
    const first = settings({}, files({ leaf: "retry.attempts", service: "a", value: 7 }));
    const second = first.declared("a", [entry("a", 1)]);
    const third = second.declared("a", [entry("a", 2)]).declared("b", [entry("b", 3)]);
    const of = (all: EngineSettings): unknown =>
      ["a", "b"].map((name) => all.settingsOf(name).timeoutMs);
    expect([first, second, third].map(of)).toEqual([
      [30_000, 30_000],
      [1, 30_000],
      [2, 3],
    ]);
    expect(third.settingsOf("a").retry.attempts).toBe(7);
    expect([first, second, third].map(({ services }) => services.toSorted())).toEqual([
      ["a"],
      ["a"],
      ["a", "b"],
    ]);
    expect(first.changesTo(third).map(({ key }) => key)).toEqual(["a.timeoutMs", "b.timeoutMs"]);
    const branch = first.declared("c", [entry("c", 4)]);
    expect([of(branch), of(third)]).toEqual([
      [30_000, 30_000],
      [2, 3],
    ]);
    expect(third.settingsOf("c")).toBe(third.defaults);
    expect(branch.settingsOf("c").timeoutMs).toBe(4);
  });
});

describe("health checks", () => {
  it.each([
    ["http://h:1/x", undefined, { kind: "url", url: "http://h:1/x" }],
    ["/health", "http://127.0.0.1:4102", { kind: "url", url: "http://127.0.0.1:4102/health" }],
    ["//", "http://127.0.0.1:4102", { kind: "url", url: "http://127.0.0.1:4102//" }],
    ["//elsewhere/x", "http://h:1/a", { kind: "url", url: "http://h:1//elsewhere/x" }],
    ["/health", undefined, { kind: "path", path: "/health" }],
    ["custom", "http://127.0.0.1:4102", { kind: "custom" }],
  ] as const)("%s at %s", (healthCheck, address, expected) => {
    const given = { healthCheck, ...(address === undefined ? {} : { address }) };
    const all = settings({}, code({ services: { a: given } }));
    expect(all.settingsOf("a").healthCheck).toEqual(expected);
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

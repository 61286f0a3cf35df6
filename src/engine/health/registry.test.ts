import { describe, expect, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { realTools } from "../real-tools.ts";
import { type HealthCheck, type HealthStatus, worstOf } from "./check.ts";
import { HealthCheckRegistry } from "./registry.ts";

function registryOf(checks: Readonly<Record<string, unknown>>, timeoutMs = 5000) {
  const registry = new HealthCheckRegistry({ timeoutMs });
  for (const [name, check] of Object.entries(checks)) registry.register(name, check as HealthCheck);
  return registry;
}

const hang = () => new Promise<never>(() => undefined);

describe("executeAll", () => {
  test("R2: the worst check decides, and all are told in their order", async () => {
    const report = await registryOf({
      first: () => "healthy",
      second: async () => ({ status: "degraded", message: "slow", metadata: { rows: 3 } }),
      third: () => ({ status: "healthy" }),
    }).executeAll();
    expect(report.overall).toBe("degraded");
    expect(report.checks.map(({ name, status }) => [name, status])).toEqual([
      ["first", "healthy"],
      ["second", "degraded"],
      ["third", "healthy"],
    ]);
    expect(report.checks[1]).toMatchObject({ message: "slow", metadata: { rows: 3 } });
    expect(report.checks.every(({ latency }) => latency >= 0)).toBe(true);
    expect(new Date(report.timestamp).getFullYear()).toBeGreaterThan(2000);
  });

  test("R2: of every pair of words the worse one", () => {
    const words: readonly HealthStatus[] = ["healthy", "degraded", "unhealthy"];
    for (const [i, a] of words.entries()) {
      for (const [j, b] of words.entries()) expect(worstOf([a, b])).toBe(words[Math.max(i, j)]);
    }
    expect(worstOf([])).toBe("healthy");
  });

  test.each<readonly [string, unknown, string]>([
    ["throws", () => failing("no route"), "no route"],
    ["rejects", async () => failing("no answer"), "no answer"],
    ["throws a circle", () => thrown(circle()), "[object Object]"],
    ["returns nothing", () => undefined, "it returned undefined"],
    ["returns a number", () => 1, "it returned 1"],
    ["returns another word", () => "fine", 'it returned "fine"'],
    ["returns a status of its own", () => ({ status: "ok" }), 'its status is "ok"'],
    ["returns an inherited word", () => "toString", 'it returned "toString"'],
    ["returns null", () => null, "it returned null"],
  ])("R1: one that %s is unhealthy, with the reason", async (_what, check, reason) => {
    const report = await registryOf({ bad: check, good: () => "healthy" }).executeAll();
    expect(report.overall).toBe("unhealthy");
    expect(report.checks[0]).toMatchObject({ name: "bad", status: "unhealthy" });
    expect(report.checks[0]?.message).toContain(reason);
    expect(report.checks[1]).toMatchObject({ name: "good", status: "healthy" });
  });

  test("R1: one that hangs is told after the time limit, its signal is aborted, others are not held up", async () => {
    let signal: AbortSignal | undefined;
    const registry = registryOf(
      {
        hanging: (given: AbortSignal) => {
          signal = given;
          return hang();
        },
        good: () => "healthy",
      },
      30,
    );
    const report = await registry.executeAll();
    expect(report.checks[0]).toMatchObject({
      status: "unhealthy",
      message: "no answer within 30 ms",
    });
    expect(report.checks[1]).toMatchObject({ status: "healthy" });
    expect(signal?.aborted).toBe(true);
  });

  test("the checks run at the same time", async () => {
    let underWay = 0;
    let most = 0;
    const meet = Promise.withResolvers<"healthy">();
    const check = () => {
      underWay += 1;
      most = Math.max(most, underWay);
      if (underWay === 3) meet.resolve("healthy");
      return meet.promise;
    };
    const report = await registryOf({ a: check, b: check, c: check }).executeAll();
    expect(most).toBe(3);
    expect(report.overall).toBe("healthy");
  });

  test("R3: one that still hangs is not asked again, and is asked again when it has ended", async () => {
    let asked = 0;
    let end = Promise.withResolvers<HealthStatus>();
    const check = () => {
      asked += 1;
      return end.promise;
    };
    const registry = registryOf({ check }, 20);
    await registry.executeAll();
    const second = await registry.executeAll();
    expect(asked).toBe(1);
    expect(second.checks[0]?.message).toContain("still hangs");
    end.resolve("healthy");
    await end.promise;
    await settle();
    end = Promise.withResolvers<HealthStatus>();
    end.resolve("degraded");
    const third = await registry.executeAll();
    expect(asked).toBe(2);
    expect(third.overall).toBe("degraded");
  });

  test("R3: one whose answer is lost is asked anew, and its late answer is nobody's", async () => {
    const tools = new ManualTools();
    const answers: PromiseWithResolvers<HealthStatus>[] = [];
    const registry = new HealthCheckRegistry({ tools });
    registry.register("check", () => {
      answers.push(Promise.withResolvers<HealthStatus>());
      return (answers.at(-1) as (typeof answers)[number]).promise;
    });
    const look = async () => {
      const report = registry.executeAll();
      await tools.advance(5000);
      return (await report).checks[0]?.message;
    };
    expect(await look()).toContain("no answer within");
    await tools.advance(54_999);
    expect(await look()).toContain("still hangs");
    expect(answers).toHaveLength(1);
    expect(await look()).toContain("no answer within");
    expect(answers).toHaveLength(2);
    answers[0]?.resolve("healthy");
    await tools.settle();
    expect(await look()).toContain("still hangs");
    answers[1]?.resolve("healthy");
    await tools.settle();
    const third = registry.executeAll();
    answers[2]?.resolve("healthy");
    expect((await third).overall).toBe("healthy");
  });

  test("R3: who asks meanwhile shares the answer", async () => {
    let asked = 0;
    const end = Promise.withResolvers<HealthStatus>();
    const registry = registryOf({
      check: () => {
        asked += 1;
        return end.promise;
      },
    });
    const both = Promise.all([registry.executeAll(), registry.executeAll()]);
    end.resolve("healthy");
    expect((await both).map((report) => report.overall)).toEqual(["healthy", "healthy"]);
    expect(asked).toBe(1);
  });
});

describe("report", () => {
  test("R4: a burst is answered from one look, until it is no longer fresh", async () => {
    let nowMs = 0;
    let asked = 0;
    const registry = new HealthCheckRegistry({
      freshForMs: 1000,
      tools: { ...realTools, monotonicMs: () => nowMs },
    });
    registry.register("check", () => {
      asked += 1;
      return "healthy";
    });
    await Promise.all(Array.from({ length: 50 }, () => registry.report()));
    nowMs = 999;
    await registry.report();
    expect(asked).toBe(1);
    nowMs = 1000;
    await registry.report();
    expect(asked).toBe(2);
  });

  test("what is registered is seen at once", async () => {
    const registry = registryOf({ good: () => "healthy" });
    expect((await registry.report()).overall).toBe("healthy");
    const unregister = registry.register("bad", () => "unhealthy");
    expect((await registry.report()).overall).toBe("unhealthy");
    unregister();
    expect((await registry.report()).overall).toBe("healthy");
    expect(registry.names()).toEqual(["good"]);
  });
});

describe("start", () => {
  test("asks again and again, tells each report, and ends", async () => {
    const due: (() => void)[] = [];
    const background = {
      after: (_delayMs: number, run: () => void) => {
        due.push(run);
        return () => void due.splice(due.indexOf(run), 1);
      },
    };
    let told = 0;
    const registry = new HealthCheckRegistry({
      freshForMs: 0,
      tools: { ...realTools, background },
      onReport: () => {
        told += 1;
        const error = new Error("a listener that fails harms nobody");
        if (told === 1) throw error;
        return Promise.reject(error);
      },
    });
    const stop = registry.start();
    await settle();
    expect([told, due.length]).toEqual([1, 1]);
    due.shift()?.();
    await settle();
    expect([told, due.length]).toEqual([2, 1]);
    stop();
    expect(due).toEqual([]);
  });
});

test.each([
  ["name: expected a text", "", () => "healthy"],
  ["check: expected a function", "name", "healthy"],
  ["a health check taken already", "taken", () => "healthy"],
])("register refuses: %s", (message, name, check) => {
  const registry = registryOf({ taken: () => "healthy" });
  expect(() => registry.register(name, check as HealthCheck)).toThrow(message);
});

test("there is a limit on checks, and on nonsense as a time limit", () => {
  const registry = new HealthCheckRegistry();
  for (let n = 0; n < 100; n += 1) registry.register(`check ${n}`, () => "healthy");
  expect(() => registry.register("one more", () => "healthy")).toThrow("100 health checks");
  expect(() => new HealthCheckRegistry({ timeoutMs: -1 })).toThrow(
    "timeoutMs: expected a duration",
  );
});

async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

function failing(message: string): never {
  throw new Error(message);
}

function thrown(what: unknown): never {
  throw what as Error;
}

function circle(): object {
  const self: { self?: object } = {};
  self.self = self;
  return self;
}

import { describe, expect, it } from "vitest";
import { createRandom } from "../../kernel/index.ts";
import { IssueForecast, type Prediction, type ProcessUse } from "./predict-issues.ts";
import { SimulatedOperation, type Traffic } from "./simulated-operation.ts";

const everyMs = 5000;
const limits = { timeoutMs: 1000, concurrency: 100, errorRate: 0.2 };

/** What was said first, and after how many looks. */
function watch(
  looks: number,
  traffic: (look: number) => Traffic,
  use?: (look: number) => ProcessUse,
): { readonly said: readonly Prediction[]; readonly at: number } {
  const operation = new SimulatedOperation("chat.ask");
  const forecast = new IssueForecast();
  for (let look = 0; look < looks; look += 1) {
    operation.run(traffic(look));
    forecast.add({
      atMs: look * everyMs,
      operations: [operation.report()],
      limitsOf: () => limits,
      ...(use === undefined ? {} : { process: use(look) }),
    });
    const said = forecast.predictions();
    if (said.length > 0) return { said, at: look };
  }
  return { said: [], at: looks };
}

const even = (): Traffic => ({ calls: 200 });

describe("predictions", () => {
  it("tell of answers that get slower before their timeout is reached", () => {
    // 100 ms more every 10 looks: the timeout of 1000 ms is reached at look 100.
    const { said, at } = watch(100, (look) => ({
      calls: 200,
      takesMs: (random) => 100 + Math.max(0, look - 20) * 10 + random.next() * 20,
    }));
    expect(said[0]).toMatchObject({ subject: "chat.ask", kind: "latency_reaches_timeout" });
    expect(at).toBeLessThan(95);
    const reachedMs = at * everyMs + (said[0]?.inMs ?? 0);
    expect(reachedMs).toBeGreaterThan(90 * everyMs);
    expect(reachedMs).toBeLessThan(130 * everyMs);
    expect(said[0]?.message).toMatch(/^chat\.ask gets slower: .* timeout of 1 s is reached in /);
    expect(said[0]?.evidence).toMatchObject({ limit: 1000 });
    expect(said[0]?.evidence.value).toBeGreaterThan(said[0]?.evidence.first ?? 0);
  });

  it("tell of failures that become more", () => {
    const { said, at } = watch(100, (look) => ({
      calls: 2000,
      failedShare: Math.max(0, look - 20) * 0.004,
    }));
    expect(said[0]).toMatchObject({ kind: "errors_rise", evidence: { limit: 0.2 } });
    expect(at).toBeLessThan(70);
  });

  it("tell of calls that pile up", () => {
    const { said, at } = watch(100, (look) => ({ calls: 200, inFlight: Math.max(2, look - 20) }));
    expect(said[0]).toMatchObject({ kind: "calls_pile_up", evidence: { limit: 100 } });
    expect(at).toBeLessThan(100);
  });

  it("tell of memory and descriptors that run out", () => {
    const use = (look: number): ProcessUse => ({
      memoryBytes: 1e8 + Math.max(0, look - 20) * 1e7,
      memoryLimitBytes: 1e9,
      descriptors: 50,
      descriptorLimit: 1024,
    });
    expect(watch(110, even, use).said[0]).toMatchObject({
      subject: "process",
      kind: "memory_exhaustion",
    });
    const open = (look: number): ProcessUse => ({
      ...use(0),
      descriptors: 50 + Math.max(0, look - 20) * 10,
    });
    expect(watch(110, even, open).said[0]).toMatchObject({ kind: "descriptor_exhaustion" });
  });

  it.each([
    ["even traffic", even],
    [
      "noise",
      (look: number): Traffic => {
        const random = createRandom(look);
        return {
          calls: 50 + Math.floor(random.next() * 200),
          failedShare: random.next() * 0.1,
          inFlight: Math.floor(random.next() * 60),
          takesMs: (each) => 20 + 400 * each.next(),
        };
      },
    ],
    [
      "the rhythm of a day",
      (look: number): Traffic => {
        const high = 1 + Math.sin((look / 200) * 2 * Math.PI);
        return {
          calls: 200 + 200 * high,
          inFlight: 20 * high,
          takesMs: (each) => 50 + 100 * high + each.next() * 20,
        };
      },
    ],
    ["a step", (look: number): Traffic => ({ calls: 200, takesMs: () => (look < 50 ? 50 : 300) })],
    [
      "few calls that fail",
      (look: number): Traffic => ({ calls: 10, failedShare: Math.max(0, look - 20) * 0.01 }),
    ],
    ["few calls", (look: number): Traffic => ({ calls: 2, takesMs: () => look * 10 })],
  ])("say nothing of %s (P2)", (_what, traffic) => {
    expect(watch(600, traffic).said).toEqual([]);
  });

  it("forget operations that are gone, and watch the busiest of too many (P1)", () => {
    const forecast = new IssueForecast();
    const all = Array.from(
      { length: 700 },
      (_, index) => new SimulatedOperation(`o${index}`, index),
    );
    for (let look = 0; look < 60; look += 1) {
      for (const [index, operation] of all.entries()) {
        operation.run({ calls: index < 20 ? 1 : 2, inFlight: Math.floor(look * 1.5) });
      }
      const operations = all.map((each) => each.report());
      forecast.add({ atMs: look * everyMs, operations, limitsOf: () => limits });
    }
    const subjects = new Set(forecast.predictions().map(({ subject }) => subject));
    expect(subjects.size).toBe(500);
    expect(subjects.has("o0")).toBe(false);
    forecast.add({ atMs: 61 * everyMs, operations: [], limitsOf: () => limits });
    expect(forecast.predictions()).toEqual([]);
  });
});

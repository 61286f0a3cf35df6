import { expect, test } from "vitest";
import type { EngineReport, OperationFigures, ProviderFigures } from "../targets/index.ts";
import { engineNow } from "./engine-now.ts";
import { EngineSteering } from "./engine-steering.ts";

function operation(name: string, breaker: OperationFigures["breaker"]): OperationFigures {
  return {
    name,
    calls: 10,
    failed: 1,
    failures: { timeout: 1 },
    inFlight: 0,
    p50Ms: 1,
    p99Ms: 2,
    breaker,
    breakerReason: null,
    breakerEnforced: true,
    decisions: {},
  };
}

function provider(name: string, place: number | null): ProviderFigures {
  const counts = { calls: 0, faults: 0, failureRate: 0, inputTokens: 0, outputTokens: 0 };
  return {
    ...counts,
    name,
    ring: "llm",
    state: "serving",
    place,
    latencyMs: null,
    spent: null,
    wish: null,
  };
}

/** Figures of second 5, and a channel over which the engine has said something at `nowMs`. */
class Bench {
  nowMs = 1000;
  readonly steering = new EngineSteering({
    kept: undefined,
    keep: async () => {},
    wallMs: () => this.nowMs,
  });
  readonly report: EngineReport = {
    service: "shop",
    id: "a",
    pid: 7,
    host: null,
    sender: "soulmirror 0.1.0",
    firstSeenAt: 0,
    seenAt: 5000,
    figuresAt: 5000,
    operations: [operation("mail.send", "closed"), operation("pay", "closed")],
    providers: [provider("llm:a", 1), provider("llm:b", 2), provider("llm:c", 3)],
    errors: [],
    series: [],
    failures: [],
    spans: 0,
    failedSpans: 0,
    refused: 0,
  };

  constructor() {
    this.steering.join("shop", "a", { send: () => {}, end: () => {} });
  }

  says(at: number, version: number, open: readonly string[] = []): void {
    this.nowMs = at;
    const told = open.map((name) => ({ name, forMs: 3000 }));
    this.steering.hear("shop", { instance: "a", version, mode: "full", open: told });
  }

  shown(): EngineReport {
    return engineNow(this.report, this.steering.saidBy("shop", "a"));
  }

  circuits(): readonly unknown[] {
    return this.shown().operations.map(({ breaker }) => breaker);
  }
}

test("a circuit that has opened since the figures is open, as long as its engine said (N1)", () => {
  const bench = new Bench();
  expect(bench.shown()).toBe(bench.report);
  bench.says(4000, 0, ["mail.send"]);
  expect(bench.circuits()).toEqual(["closed", "closed"]);
  bench.says(6000, 0, ["mail.send"]);
  expect(bench.circuits()).toEqual(["open", "closed"]);
  bench.nowMs = 9001;
  expect(bench.circuits()).toEqual(["closed", "closed"]);
});

test("an isolation is shown with its reason once the engine goes by it (N2)", async () => {
  const bench = new Bench();
  bench.nowMs = 6000;
  await bench.steering.change("shop", { isolate: { operation: "pay", reason: "charges twice" } });
  bench.says(6000, 0);
  expect(bench.circuits()).toEqual(["closed", "closed"]);
  bench.says(6001, 1, ["pay"]);
  expect(bench.shown().operations[1]).toMatchObject({
    breaker: "isolated",
    breakerReason: "charges twice",
  });
});

test("providers are in the order that is wanted, without those that are ejected", async () => {
  const bench = new Bench();
  const order = (): unknown => bench.shown().providers.map(({ name, place }) => [name, place]);
  await bench.steering.change("shop", { eject: "llm:a" });
  bench.says(6000, 1);
  expect(order()).toEqual([
    ["llm:b", 1],
    ["llm:c", 2],
    ["llm:a", null],
  ]);
  expect(bench.shown().providers.at(-1)?.wish).toBe("eject");
  await bench.steering.change("shop", { prefer: "llm:c" });
  expect(bench.shown().providers).toBe(bench.report.providers);
  bench.says(6500, 2);
  expect(order()).toEqual([
    ["llm:c", 1],
    ["llm:b", 2],
    ["llm:a", null],
  ]);
});

import { describe, expect, it } from "vitest";
import { EngineSettings, type Entry, layerOfCode } from "../settings/index.ts";
import { Optimizer } from "./optimizer.ts";
import { SimulatedOperation, type Traffic } from "./simulated-operation.ts";

const minuteMs = 60_000;

/** One service with one operation, a minute at a time. */
class House {
  readonly operation = new SimulatedOperation("chat.ask");
  readonly told: string[] = [];
  readonly optimizer: Optimizer;
  settings: EngineSettings;
  #nowMs = 0;
  mayAct = true;
  isAuto = false;

  constructor(code: Parameters<typeof layerOfCode>[0] = {}) {
    const layer = layerOfCode(code);
    this.settings = new EngineSettings([layer]);
    this.optimizer = new Optimizer({
      nowMs: () => this.#nowMs,
      operations: () => [this.operation.report()],
      settingsOf: () => {
        const settings = this.settings.settingsOf("chat", "ask");
        return { service: "chat", method: "ask", settings };
      },
      set: (entries: readonly Entry[]) => {
        this.settings = new EngineSettings([layer, { name: "runtime", entries }]);
      },
      tell: (message) => void this.told.push(message),
    });
  }

  get now() {
    return this.settings.settingsOf("chat", "ask");
  }

  pass(minutes: number, traffic: Traffic): this {
    for (let minute = 0; minute < minutes; minute += 1) {
      this.operation.timeoutMs = this.now.timeoutMs ?? Number.POSITIVE_INFINITY;
      this.operation.run(traffic);
      this.#nowMs += minuteMs;
      this.optimizer.tick({ mayAct: this.mayAct, isAuto: this.isAuto });
    }
    return this;
  }

  advice(): readonly string[] {
    return this.optimizer.recommendations().map(({ id, from, to }) => `${id} ${from} -> ${to}`);
  }
}

/** Mostly fast; two in 1000 never answer. */
const hanging: Traffic = {
  calls: 1200,
  takesMs: (random) => (random.next() < 0.002 ? 1e9 : 20 + random.next() * 80),
};
const healthy: Traffic = { calls: 1200, takesMs: (random) => 20 + random.next() * 80 };

describe("recommendations", () => {
  it("a timeout from what 999 of 1000 calls need, with the evidence and what would change", () => {
    const house = new House();
    house.pass(20, healthy);
    expect(house.advice()).toEqual(["chat.ask timeout 30000 -> 300"]);
    const [advice] = house.optimizer.recommendations();
    expect(advice?.evidence["timed"]).toBeGreaterThan(10_000);
    expect(advice?.evidence["answeredP999Ms"]).toBeGreaterThan(95);
    expect(advice?.changes).toEqual([
      { service: "chat", method: "ask", leaf: "timeoutMs", value: 300 },
    ]);
    expect(advice?.message).toContain("999 of 1000 answers come within");
  });

  it("none from too few calls, for a timeout that fits, or where calls run into it (O1 to O3)", () => {
    expect(new House().pass(5, healthy).advice()).toEqual([]);
    expect(new House({ timeout: 500 }).pass(20, healthy).advice()).toEqual([]);
    for (const longestMs of [101, 110, 200]) {
      const cut: Traffic = { calls: 1200, takesMs: (random) => random.next() * longestMs };
      expect(new House({ timeout: 100 }).pass(20, cut).advice()).toEqual([]);
    }
  });

  it("no timeout where so many hang that the dependency is ill (O2)", () => {
    const ill: Traffic = { calls: 1200, takesMs: (random) => (random.next() < 0.1 ? 1e9 : 50) };
    expect(new House().pass(20, ill).advice()).toEqual([]);
  });

  it("a threshold at which the circuit does not open by chance", () => {
    const often: Traffic = { ...healthy, failedShare: 0.25, turns: 2 };
    const house = new House({ timeout: 500 }).pass(20, often);
    expect(house.advice()).toEqual(["chat.ask breaker 5 -> 14"]);
    // 1,728,000 calls a day, a quarter of which fail: 14 in a row once in 150 days.
    expect(1_728_000 * 0.25 ** 14).toBeLessThan(0.01);
    const seldom: Traffic = { ...healthy, failedShare: 0.001, turns: 2 };
    expect(new House({ timeout: 500 }).pass(20, seldom).advice()).toEqual([]);
    const never: Traffic = { ...healthy, failedShare: 0.25 };
    expect(new House({ timeout: 500 }).pass(20, never).advice()).toEqual([]);
  });

  it("the size of a bulkhead and of a pool by Little's law", () => {
    const busy: Traffic = { calls: 6000, takesMs: () => 200, rejected: 100, poolExhausted: 3 };
    const house = new House({ timeout: 1000, bulkhead: { limit: 5 } }).pass(20, busy);
    // 100 calls a second of 200 ms are 20 at once; twice that leaves room.
    expect(house.advice()).toEqual(["chat.ask bulkhead 5 -> 41", "chat.ask pool undefined -> 41"]);
    const [, pool] = house.optimizer.recommendations();
    expect(pool?.changes).toEqual([]);
    expect(house.optimizer.apply("chat.ask pool")).toBeUndefined();
    const enough = new House({ timeout: 1000, bulkhead: { limit: 50 } });
    expect(enough.pass(20, { ...busy, poolExhausted: 0 }).advice()).toEqual([]);
  });
});

describe("a recommendation that is applied", () => {
  it("takes effect at once, and stays when its figure gets better", () => {
    const house = new House().pass(20, hanging);
    expect(house.now.timeoutMs).toBe(30_000);
    const trial = house.optimizer.apply("chat.ask timeout");
    expect(trial?.kind).toBe("watching");
    expect(house.now.timeoutMs).toBe(300);
    house.pass(10, hanging);
    expect(house.told.at(-1)).toMatch(
      /^kept: chat\.ask timeout \(p999Ms was 30\d* and is [23]\d\d\)/,
    );
    expect(house.now.timeoutMs).toBe(300);
    expect(house.optimizer.trials()).toEqual([]);
  });

  it("is undone when its figure does not get better", () => {
    const house = new House().pass(20, healthy);
    house.optimizer.apply("chat.ask timeout");
    house.pass(4, healthy);
    expect(house.now.timeoutMs).toBe(300);
    house.pass(2, healthy);
    expect(house.told.at(-1)).toMatch(/^undone: chat\.ask timeout \(p999Ms was/);
    expect(house.now.timeoutMs).toBe(30_000);
  });

  it("is undone at once when more calls fail than before (T2)", () => {
    const house = new House().pass(20, healthy);
    house.optimizer.apply("chat.ask timeout");
    house.pass(1, { calls: 1200, takesMs: (random) => 250 + random.next() * 200 });
    expect(house.told.at(-1)).toMatch(/^undone: .* of the calls fail, 0\.0 % did before/);
    expect(house.now.timeoutMs).toBe(30_000);
  });

  it("is undone when there are too few calls to tell (T1)", () => {
    const house = new House().pass(20, healthy);
    house.optimizer.apply("chat.ask timeout");
    house.pass(59, { ...healthy, calls: 1 });
    expect(house.now.timeoutMs).toBe(300);
    house.pass(2, { ...healthy, calls: 1 });
    expect(house.told.at(-1)).toBe(
      "undone: chat.ask timeout (only 60 calls since: too few to tell)",
    );
    expect(house.now.timeoutMs).toBe(30_000);
  });

  it("is taken back at once where nothing may act any more (Z3), also when it was kept", () => {
    const running = new House().pass(20, healthy);
    running.optimizer.apply("chat.ask timeout");
    running.mayAct = false;
    running.pass(1, healthy);
    expect(running.now.timeoutMs).toBe(30_000);
    const kept = new House().pass(20, hanging);
    kept.optimizer.apply("chat.ask timeout");
    kept.pass(10, hanging);
    expect(kept.now.timeoutMs).toBe(300);
    kept.mayAct = false;
    kept.pass(1, healthy);
    expect(kept.now.timeoutMs).toBe(30_000);
  });

  it("can be taken back by whoever asks", () => {
    const house = new House().pass(20, healthy);
    house.optimizer.apply("chat.ask timeout");
    expect(house.optimizer.undo("chat.ask timeout")).toBe(true);
    expect(house.now.timeoutMs).toBe(30_000);
    expect(house.optimizer.undo("chat.ask timeout")).toBe(false);
  });

  it("is one at a time for an operation (Z1)", () => {
    const traffic: Traffic = { ...healthy, failedShare: 0.25, turns: 2 };
    const house = new House().pass(20, traffic);
    expect(house.advice()).toHaveLength(2);
    expect(house.optimizer.apply("chat.ask timeout")).toBeDefined();
    expect(house.optimizer.apply("chat.ask breaker")).toBeUndefined();
    expect(house.advice()).toEqual([]);
  });
});

describe("by itself", () => {
  it("nothing is done unless it may be", () => {
    const house = new House().pass(60, healthy);
    expect(house.now.timeoutMs).toBe(30_000);
    expect(house.told).toEqual([]);
  });

  it("something is tried after a whole window, undone when it does not help, and left for a day (Z2)", () => {
    const house = new House();
    house.isAuto = true;
    house.pass(15, healthy);
    expect(house.now.timeoutMs).toBe(30_000);
    house.pass(1, healthy);
    expect(house.now.timeoutMs).toBe(300);
    house.pass(20, healthy);
    expect(house.now.timeoutMs).toBe(30_000);
    expect(house.told.filter((each) => each.startsWith("tried"))).toHaveLength(1);
    house.pass(600, { ...healthy, calls: 100 });
    expect(house.told.filter((each) => each.startsWith("tried"))).toHaveLength(1);
    house.pass(900, { ...healthy, calls: 700 });
    expect(house.told.filter((each) => each.startsWith("tried"))).toHaveLength(2);
  });

  it("what a short change of the mode has ended is tried again, without a day of rest (Z2)", () => {
    const house = new House();
    house.isAuto = true;
    house.pass(16, healthy);
    expect(house.now.timeoutMs).toBe(300);
    house.mayAct = false;
    house.pass(1, healthy);
    expect(house.now.timeoutMs).toBe(30_000);
    house.mayAct = true;
    house.pass(20, healthy);
    expect(house.told.filter((each) => each.startsWith("tried"))).toHaveLength(2);
  });
});

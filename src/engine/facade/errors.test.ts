/** What an engine says of the errors behind what it wraps, by a clock that the tests move. */
import { afterEach, describe, expect, it } from "vitest";
import { createRandom } from "../../kernel/index.ts";
import { ManualTools } from "../../resilience/index.ts";
import { type EngineOptions, InfrastructureReliabilityEngine } from "../engine.ts";
import type { ErrorPattern, Notice } from "../events.ts";
import { runWithRequestIds } from "../request-ids.ts";

const engines: InfrastructureReliabilityEngine[] = [];
afterEach(() => {
  for (const engine of engines.splice(0)) engine.close().catch(() => {});
});

function benchOf(options: EngineOptions = {}) {
  const tools = new ManualTools();
  const without = { autoRetry: false, breaker: false } as const;
  const engine = new InfrastructureReliabilityEngine({ ...without, ...options }, tools);
  engines.push(engine);
  const patterns: ErrorPattern[] = [];
  const notices: Notice[] = [];
  engine.on("error_pattern", (pattern) => void patterns.push(pattern));
  engine.on("prediction", (notice) => void notices.push(notice));
  const failing = engine.wrap("it", {
    fail: async (thrown: Error): Promise<never> => {
      throw thrown;
    },
  });
  const fail = async (thrown: Error): Promise<void> => {
    await failing.fail(thrown).catch(() => {});
    await tools.settle();
  };
  return { tools, engine, patterns, notices, fail };
}

function refusal(port = 5432): Error {
  const message = `connect ECONNREFUSED 127.0.0.1:${port}`;
  return Object.assign(new Error(message), { code: "ECONNREFUSED", address: "127.0.0.1", port });
}

class Shop {
  readonly db = { query: async (): Promise<never> => Promise.reject(refusal()) };
  readonly payments = { charge: async (): Promise<unknown> => this.db.query() };
  readonly api = { order: async (): Promise<unknown> => this.payments.charge() };

  wrap(engine: InfrastructureReliabilityEngine): void {
    for (const name of ["db", "payments", "api"] as const)
      Object.assign(this, { [name]: engine.wrap(name, this[name]) });
  }
}

describe("engine.errors()", () => {
  it.each(["shadow", "monitor", "full"] as const)(
    "shows one failure once, with its whole way, in mode %s",
    async (mode) => {
      const { engine } = benchOf({ mode });
      const shop = new Shop();
      shop.wrap(engine);
      for (let call = 0; call < 3; call += 1)
        await expect(shop.api.order()).rejects.toThrow("ECONNREFUSED");
      const { calls, errors } = engine.errors();
      expect(calls).toBe(9);
      expect(errors).toMatchObject([
        {
          headline: "api.order → payments.charge → db.query: ECONNREFUSED 127.0.0.1:5432",
          category: "connection_refused",
          calls: 3,
          lastMinute: 3,
          isSinceStart: true,
          paths: [{ calls: 3, evidence: "same" }],
          examples: ["connect ECONNREFUSED 127.0.0.1:5432"],
        },
      ]);
    },
  );

  it("joins what is thrown anew without a cause by its request", async () => {
    const { engine, tools } = benchOf();
    const db = engine.wrap("db", { query: async () => Promise.reject(refusal()) });
    const api = engine.wrap("api", {
      async order() {
        await tools.advance(5);
        await db.query().catch(() => {
          throw new Error("the order failed");
        });
      },
    });
    const order = async (): Promise<void> => await api.order().catch(() => {});
    await runWithRequestIds({ requestId: "r1" }, order);
    expect(engine.errors().errors).toMatchObject([
      { paths: [{ operations: ["api.order", "db.query"], evidence: "request" }] },
    ]);
    await order();
    expect(engine.errors().errors).toHaveLength(2);
  });

  it("is empty where the mode is off, and costs a success nothing", async () => {
    const { engine } = benchOf({ mode: "off" });
    const shop = new Shop();
    shop.wrap(engine);
    await expect(shop.api.order()).rejects.toThrow("ECONNREFUSED");
    expect(engine.errors()).toMatchObject({ calls: 0, errors: [] });
  });

  it("sets no timer for errors that happen once, and none after the end", async () => {
    const { engine, tools, fail } = benchOf();
    await fail(refusal());
    const once = tools.pendingTimers;
    await tools.advance(60_000);
    await fail(refusal());
    expect(tools.pendingTimers).toBe(once + 1);
    await Promise.all([engine.close(), tools.advance(5000)]);
    expect(engine.errors().calls).toBe(2);
    await fail(refusal());
    expect(engine.errors().calls).toBe(2);
  });
});

describe("patterns", () => {
  it("new: what comes five times, and never did before; once", async () => {
    const { engine, tools, patterns, fail } = benchOf();
    for (let minute = 0; minute < 10; minute += 1) {
      await fail(refusal());
      await tools.advance(60_000);
    }
    for (let call = 0; call < 20; call += 1) await fail(new TypeError("x is not a function"));
    expect(patterns).toMatchObject([
      {
        kind: "new",
        error: { operation: "it.fail" },
        message: "new since the start: it.fail: x is not a function",
        evidence: { calls: 5 },
      },
    ]);
    const [one, other] = engine.errors().errors;
    expect([one?.isSinceStart, other?.isSinceStart]).toEqual([false, true]);
  });

  it("burst: far more often than ever, with the whole way", async () => {
    const { engine, tools, patterns } = benchOf();
    const shop = new Shop();
    shop.wrap(engine);
    for (let each = 0; each < 120; each += 1) {
      await shop.api.order().catch(() => {});
      await tools.advance(5000);
    }
    for (let each = 0; each < 60; each += 1) await shop.api.order().catch(() => {});
    expect(patterns).toMatchObject([
      {
        kind: "burst",
        message:
          "20 within 20 s, and never more than 2 within 10 s before: api.order → payments.charge → db.query: ECONNREFUSED 127.0.0.1:5432",
      },
    ]);
    expect(engine.errors().errors[0]).toMatchObject({ isBursting: true, calls: 180 });
  });

  it("follows: what comes after what, and it is foretold the next time", async () => {
    const { engine, tools, patterns, notices, fail } = benchOf();
    const random = createRandom(7);
    const lost = Object.assign(new Error("redis is gone"), { code: "ECONNRESET" });
    for (let round = 0; round < 12; round += 1) {
      await fail(lost);
      await tools.advance(1500 + random.next() * 1000);
      if (round !== 4) await fail(refusal());
      await tools.advance(120_000 + random.next() * 600_000);
    }
    expect(patterns).toMatchObject([
      {
        kind: "follows",
        other: { headline: "it.fail: ECONNRESET redis is gone" },
        error: { headline: "it.fail: ECONNREFUSED 127.0.0.1:5432" },
        evidence: { withinMs: 3000 },
      },
    ]);
    const issues = () => engine.predictIssues().filter(({ kind }) => kind === "error_follows");
    expect(issues()).toEqual([]);
    const told = notices.length;
    await fail(lost);
    expect(notices).toHaveLength(told + 1);
    expect(issues()).toMatchObject([
      {
        kind: "error_follows",
        subject: "it.fail",
        message:
          'when "it.fail: ECONNRESET redis is gone" comes, "it.fail: ECONNREFUSED 127.0.0.1:5432" has followed within 3 s in 11 of 12 cases',
        evidence: { value: 11, limit: 12 },
      },
    ]);
    await tools.advance(500);
    await fail(refusal());
    expect(issues()).toEqual([]);
    expect(engine.errors().errors[0]?.relations).toMatchObject([{ kind: "follows" }]);
  });
});

/** L1, L2, and what becomes of it in an engine. */
import { expect, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { type EngineOptions, InfrastructureReliabilityEngine } from "../engine.ts";

const bug = new TypeError("x is not a function");

function shopOf(options: EngineOptions = {}) {
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine({ autoRetry: false, ...options }, tools);
  let thrown: Error | undefined;
  const shop = engine.wrap("shop", {
    async get(): Promise<string> {
      if (thrown !== undefined) throw thrown;
      return "it";
    },
  });
  /** Each look is 10 s after the one before. */
  const run = async (looks: number, [good, bad]: readonly [number, number], error: Error = bug) => {
    for (let look = 0; look < looks; look += 1) {
      for (let call = 0; call < good + bad; call += 1) {
        thrown = call < good ? undefined : error;
        await shop.get().catch(() => undefined);
      }
      await tools.advance(10_000);
    }
    return engine.predictIssues().filter(({ kind }) => kind === "failing_calls");
  };
  const errorRate = async () =>
    (await engine.getSystemHealth()).checks.find(({ name }) => name === "error_rate");
  return { engine, run, errorRate };
}

test("an operation that fails each of its calls is an issue, though no circuit opens for it", async () => {
  const { engine, run, errorRate } = shopOf();
  const issues = await run(1, [0, 130]);
  expect(issues).toMatchObject([
    {
      subject: "shop.get",
      inMs: 0,
      message: "shop.get: 100 % of 130 calls failed in the last minute: client_error",
      evidence: { value: 1, limit: 0.5, first: 1, looks: 1 },
    },
  ]);
  expect(engine.operation("shop.get")?.breaker).toBe("closed");
  expect(await run(5, [0, 10])).toMatchObject([{ evidence: { looks: 6, forMs: 50_000 } }]);
  expect(await errorRate()).toMatchObject({ status: "healthy", message: "no limit is set" });
  // What failed is out of the window after a minute at the latest.
  expect(await run(7, [10, 0])).toEqual([]);
  await engine.close();
});

test("a limit that somebody has set is where it begins, and degrades health", async () => {
  const { engine, run, errorRate } = shopOf({ thresholds: { errorRate: 0.1 } });
  expect(await run(4, [18, 2])).toEqual([]);
  expect(await run(6, [15, 5])).toMatchObject([{ evidence: { value: 0.25, limit: 0.1 } }]);
  expect(await errorRate()).toMatchObject({
    status: "degraded",
    message: expect.stringMatching(/^shop\.get: 25 % of \d+ calls failed/) as string,
    metadata: { limit: 0.1 },
  });
  expect(engine.predictIssues().map(({ subject }) => subject)).not.toContain("error_rate");
  await engine.close();
});

test("of few calls, few failures, none any more and calls that were left nothing is said (L1, L2)", async () => {
  const few = shopOf();
  expect(await few.run(6, [0, 2])).toEqual([]);
  const rare = shopOf({ thresholds: { errorRate: 0.001 } });
  expect(await rare.run(1, [96, 4])).toEqual([]);
  const gone = shopOf();
  expect(await gone.run(3, [0, 50])).toHaveLength(1);
  expect(await gone.run(7, [0, 0])).toEqual([]);
  const left = shopOf();
  expect(await left.run(3, [0, 50], new DOMException("left", "AbortError"))).toEqual([]);
  for (const { engine } of [few, rare, gone, left]) await engine.close();
});

test("without predictions nothing is told", async () => {
  const quiet = shopOf({ switches: { predictions: false } });
  expect(await quiet.run(2, [0, 50])).toEqual([]);
  await quiet.engine.close();
});

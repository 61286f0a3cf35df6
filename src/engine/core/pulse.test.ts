/** P2. */
import { expect, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { InfrastructureReliabilityEngine } from "../engine.ts";

test("the time that is as cheap as a field never goes back, however long listeners take", async () => {
  const tools = new ManualTools();
  const standingMs = tools.monotonicMs;
  let takenMs = 0;
  Object.assign(tools, { monotonicMs: () => standingMs() + takenMs });
  const options = { timeout: 1000, autoRetry: false, breaker: { failureThreshold: 1 } } as const;
  const engine = new InfrastructureReliabilityEngine({ ...options, sampling: "every" }, tools);
  const fail = async (): Promise<never> => {
    throw Object.assign(new Error("no"), { code: "ECONNRESET" });
  };
  const never = (): Promise<never> => new Promise(() => {});
  const raw = { fail, slow: never, slower: never, quick: async () => 1 };
  const it = engine.wrap("it", raw, options);
  const left: unknown[] = [];
  engine.on("rejected", ({ decision }) => left.push(decision.retryAfterMs));
  const ask = (): void => void it.fail().catch(() => {});
  engine.on("timeout", () => {
    if (takenMs === 0) {
      takenMs = 500;
      void it.quick();
    }
    ask();
  });
  ask();
  void Promise.allSettled([it.slow(), it.slower()]);
  await tools.advance(1000);
  const openForMs = 60_000;
  expect(left).toEqual([openForMs - 1500, openForMs - 1500]);
});

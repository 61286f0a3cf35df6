/** What is not timed because calls come too often. */
import { expect, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { InfrastructureReliabilityEngine } from "../engine.ts";

test("a dependency that becomes slow opens its circuit, however often it is called", async () => {
  const tools = new ManualTools();
  const options = { timeout: false, breaker: { slowCallRate: 0.5, slowCall: 5 } } as const;
  const engine = new InfrastructureReliabilityEngine(options, tools);
  let takesMs = 0;
  const ask = async (): Promise<void> => {
    if (takesMs > 0) await new Promise<void>((done) => tools.timers.after(takesMs, done));
  };
  const it = engine.wrap("it", { ask });
  for (let call = 0; call < 5000; call += 1) await it.ask();
  expect(engine.operation("it.ask")).toMatchObject({ sampledEvery: 16, breaker: "closed" });
  takesMs = 20;
  const all = Promise.allSettled(Array.from({ length: 8000 }, () => it.ask()));
  await tools.advance(100);
  await all;
  expect(engine.operation("it.ask")?.breaker).toBe("open");
});

/** What looked like success and was not is told with its evidence, and changes nothing. */
import { expect, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { type EngineOptions, InfrastructureReliabilityEngine } from "../engine.ts";
import type { SilentError } from "../events.ts";

function ground(options: EngineOptions = {}) {
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine(options, tools);
  const told: SilentError[] = [];
  engine.on("silent_error", (found) => void told.push(found));
  return { tools, engine, told };
}

test("a result that is unusual for its operation is returned as it is, and told", async () => {
  const { engine, told } = ground();
  let rows: unknown[] = [];
  const it = engine.wrap("it", { find: async () => rows });
  for (let count = 1; count <= 2000; count += 1) {
    rows = Array.from({ length: 20 + (count % 7) }, (_, index) => ({ index }));
    await it.find();
  }
  expect(told).toEqual([]);
  rows = [];
  // One alone may be chance; what goes on is told, and told once.
  for (let count = 0; count < 10; count += 1) expect(await it.find()).toEqual([]);
  expect(told).toMatchObject([
    { operation: "it.find", type: "suspicious_result", evidence: { sign: "empty" } },
  ]);
  expect(engine.operation("it.find")).toMatchObject({
    silentErrors: 1,
    succeeded: 2010,
    failed: 0,
  });
});

test("a call that does not come back is told once, also where nothing may act", async () => {
  const { tools, engine, told } = ground({ mode: "shadow", timeout: 0 });
  let hold: Promise<string> = Promise.resolve("well");
  const it = engine.wrap("it", { ask: () => hold });
  for (let count = 0; count < 300; count += 1) await it.ask();
  hold = Promise.withResolvers<string>().promise;
  void it.ask();
  await tools.advance(29_000);
  expect(told).toEqual([]);
  await tools.advance(60_000);
  expect(told).toMatchObject([{ operation: "it.ask", type: "hanging_call" }]);
});

test("it is not looked for where that is switched off", async () => {
  const { engine, told } = ground({ switches: { silentErrors: false } });
  let value: number = 1;
  const it = engine.wrap("it", { ask: async () => value });
  for (let count = 0; count < 500; count += 1) await it.ask();
  value = Number.NaN;
  await it.ask();
  expect(told).toEqual([]);
});

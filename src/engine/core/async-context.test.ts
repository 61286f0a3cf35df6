/** The async context of the caller is there in the work, also when it waited, and after it. */
import { AsyncLocalStorage } from "node:async_hooks";
import { expect, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { type EngineOptions, InfrastructureReliabilityEngine } from "../engine.ts";

const request = new AsyncLocalStorage<string>();

function ground(options: EngineOptions) {
  const tools = new ManualTools();
  return { tools, engine: new InfrastructureReliabilityEngine(options, tools) };
}

test("inside and after two calls at once, each its own", async () => {
  const { engine } = ground({ timeout: 1000 });
  const it = engine.wrap("it", {
    async ask() {
      await Promise.resolve();
      return request.getStore();
    },
  });
  const asking = async (): Promise<unknown> => [await it.ask(), request.getStore()];
  const answers = ["a", "b"].map((name) => request.run(name, asking));
  expect(await Promise.all(answers)).toEqual([
    ["a", "a"],
    ["b", "b"],
  ]);
});

test("a call that waited for its turn has the context of its caller (Q4)", async () => {
  const { engine } = ground({});
  const first = Promise.withResolvers<void>();
  const it = engine.wrap(
    "it",
    {
      async ask() {
        const name = request.getStore();
        await first.promise;
        return name;
      },
    },
    { bulkhead: { limit: 1, queue: 5 } },
  );
  const a = request.run("a", () => it.ask());
  const b = request.run("b", () => it.ask());
  first.resolve();
  expect(await Promise.all([a, b])).toEqual(["a", "b"]);
});

/** The async context of the caller is there in the work, also when it waited, and after it. */
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { ManualTools, outcome } from "../../resilience/index.ts";
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

test("a query, the chunks of a stream and listeners have the context of their own callers", async () => {
  const { engine } = ground({ timeout: 1000 });
  const here = () => request.getStore();
  class Service extends EventEmitter {
    query() {
      const run = async (): Promise<unknown> => {
        await Promise.resolve();
        return here();
      };
      // oxlint-disable-next-line unicorn/no-thenable -- What is tested is a thenable.
      return { then: (...words: Parameters<Promise<unknown>["then"]>) => run().then(...words) };
    }
    async *rows() {
      yield here();
      await Promise.resolve();
      yield here();
    }
    web() {
      return new ReadableStream(
        { pull: (controller) => controller.enqueue(here()) },
        {
          highWaterMark: 0,
        },
      );
    }
  }
  const it = engine.wrap("it", new Service());
  const heard: unknown[] = [];
  request.run("listener", () =>
    it.on(
      "news",
      AsyncResource.bind(() => heard.push(here())),
    ),
  );
  it.on("news", () => heard.push(here()));
  const asking = async (): Promise<unknown> => {
    const query = await it.query();
    const rows: unknown[] = [];
    for await (const row of it.rows()) rows.push(row);
    const reader = it.web().getReader();
    const chunks = [(await reader.read()).value, (await reader.read()).value];
    await reader.cancel();
    it.emit("news");
    return [query, rows, chunks, here()];
  };
  const answers = ["a", "b"].map((name) => request.run(name, asking));
  expect(await Promise.all(answers)).toEqual([
    ["a", ["a", "a"], ["a", "a"], "a"],
    ["b", ["b", "b"], ["b", "b"], "b"],
  ]);
  expect(heard).toEqual(["listener", "a", "listener", "b"]);
});

test("of a call whose time is over its caller is told in his own context, or in nobody's", async () => {
  const tools = new ManualTools();
  const manual = tools.timers;
  // As Node's own timers are: with the context of whoever has set them.
  const timers = {
    after: (ms: number, run: () => void) => manual.after(ms, AsyncResource.bind(run)),
  };
  Object.assign(tools, { timers, background: timers });
  const engine = new InfrastructureReliabilityEngine({ timeout: 1000, autoRetry: false }, tools);
  const told: string[] = [];
  engine.on("timeout", ({ name }) => told.push(`${name} ${request.getStore() ?? "nobody"}`));
  const never = { ask: () => new Promise(() => {}) };
  const plain = engine.wrap("plain", { ...never });
  const kept = engine.wrap("kept", { ...never }, { fallback: () => 1 });
  for (const name of ["a", "b"]) {
    request.run(name, () => void Promise.allSettled([plain.ask(), kept.ask()]));
  }
  await tools.advance(2000);
  expect(told.toSorted((one, other) => one.localeCompare(other))).toEqual([
    "kept.ask a",
    "kept.ask b",
    "plain.ask nobody",
    "plain.ask nobody",
  ]);
});

test("of a call that waits for a further attempt the rest has its caller's context, whoever ends it", async () => {
  const { tools, engine } = ground({});
  const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
  const work = async (): Promise<never> => {
    throw refused;
  };
  const told: unknown[] = [];
  engine.on("retry_refused", () => told.push(request.getStore()));
  const it = engine.wrap(
    "it",
    { ask: (_options?: object) => work() },
    { retry: { delay: 5000 }, fallback: () => `for ${request.getStore()}` },
  );
  const stopping = new AbortController();
  const answers = ["a", "b"].map((name) => request.run(name, () => it.ask()));
  const aborted = request.run("c", () => outcome(it.ask({ signal: stopping.signal })));
  await tools.settle();
  request.run("who aborts", () => stopping.abort());
  await request.run("who closes", () => engine.close());
  expect(await Promise.all(answers)).toEqual(["for a", "for b"]);
  expect([aborted.isSettled, told]).toEqual([true, ["c", "a", "b"]]);
});

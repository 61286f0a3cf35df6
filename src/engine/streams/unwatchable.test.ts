/** What cannot be watched is handed out as it is, has succeeded, and holds no place. */
import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { InfrastructureReliabilityEngine } from "../engine.ts";

const trap = (): never => {
  throw new Error("do not look");
};

async function* words(): AsyncGenerator<string, void> {
  yield "one";
  yield "two";
}

const iterable = (): object => ({ [Symbol.asyncIterator]: words });
// oxlint-disable-next-line unicorn/no-thenable -- What is tested is a thenable.
const query = (): object => ({ then: (done: (rows: string) => void) => done("rows") });

/** Has what streams of Node have, as emitters of long ago do, and none of their inside. */
class Emitter extends EventEmitter {
  pipe(): this {
    return this;
  }
  push(): void {}
  [Symbol.asyncIterator] = words;
}

const traps = ["isExtensible", "getPrototypeOf", "defineProperty"] as const;
const throwing = (make: () => object, key: string) => (): object =>
  Object.defineProperty(make(), key, { get: trap });

const streams: [string, () => object][] = [
  ["an emitter with `pipe`, `on` and `push`", () => new Emitter()],
  [
    "a loop whose iterator is frozen",
    () => ({ [Symbol.asyncIterator]: () => Object.freeze(words()) }),
  ],
  ...["pipe", "next"].map((key): [string, () => object] => [
    `a stream whose \`${key}\` throws`,
    throwing(iterable, key),
  ]),
  ...traps.map((name): [string, () => object] => [
    `a stream whose \`${name}\` throws`,
    () => new Proxy(iterable(), { [name]: trap }),
  ]),
];

const queries: [string, () => object][] = [
  ...["exec", "catch", "finally"].map((key): [string, () => object] => [
    `a query whose \`${key}\` throws`,
    throwing(query, key),
  ]),
  ...traps.map((name): [string, () => object] => [
    `a query whose \`${name}\` throws`,
    () => new Proxy(query(), { [name]: trap }),
  ]),
];

function ground(target: object) {
  const options = { bulkhead: { limit: 1, queue: 0 }, autoRetry: false };
  const engine = new InfrastructureReliabilityEngine({ mode: "full" }, new ManualTools());
  return {
    engine,
    it: engine.wrap("it", target, options) as Record<"now" | "later", () => unknown>,
  };
}

test.each(streams)("%s is read as without the engine, again and again", async (_, make) => {
  const { engine, it } = ground({ now: make, later: async () => make() });
  for (const open of [it.now, it.later, it.now, it.later]) {
    // oxlint-disable-next-line no-await-in-loop -- One after the other.
    const stream = (await open()) as AsyncIterable<string>;
    const seen: string[] = [];
    // oxlint-disable-next-line no-await-in-loop -- As above.
    for await (const word of stream) seen.push(word);
    expect(seen).toEqual(["one", "two"]);
  }
  for (const name of ["it.now", "it.later"])
    expect(engine.operation(name)).toMatchObject({
      calls: 2,
      succeeded: 2,
      failed: 0,
      inFlight: 0,
    });
});

test.each(queries)("%s is awaited as without the engine, again and again", async (_, make) => {
  const { engine, it } = ground({ now: make });
  expect(await it.now()).toBe("rows");
  expect(await it.now()).toBe("rows");
  expect(engine.operation("it.now")).toMatchObject({ calls: 2, succeeded: 2, inFlight: 0 });
});

test("a loop that cannot even be begun has failed", async () => {
  const { engine, it } = ground({ now: () => ({ [Symbol.asyncIterator]: trap }) });
  const source = it.now() as AsyncIterable<unknown>;
  expect(() => source[Symbol.asyncIterator]()).toThrow("do not look");
  expect(engine.operation("it.now")).toMatchObject({ succeeded: 0, failed: 1, inFlight: 0 });
});

/** Iterators that people write by hand are taken as `for await` takes them. */
import { expect, test } from "vitest";
import { failover } from "./index.ts";

/** Three words; what a test gives stands in for its own parts. */
function words(parts: object = {}): AsyncIterable<string> {
  const left = ["one", "two", "three"];
  const next = (): object =>
    left.length > 0 ? { done: false, value: left.shift() } : { done: true, value: undefined };
  const itself = { [Symbol.asyncIterator]: () => itself, next, ...parts };
  return itself as unknown as AsyncIterable<string>;
}

const unwell = (): never => {
  throw new Error("it did not end well");
};

const endings: [string, object][] = [
  ["a `next` that answers at once", {}],
  ["a `return` that answers at once", { return: () => ({ done: true, value: undefined }) }],
  ["a `return` that answers with nothing", { return: () => undefined }],
  ["a `return` that throws at once", { return: unwell }],
  ["a `return` that rejects", { return: async () => unwell() }],
];

async function read(stream: AsyncIterable<string>): Promise<string[]> {
  const seen: string[] = [];
  for await (const word of stream) seen.push(word);
  return seen;
}

test.each(endings)("%s: the stream is read to its end, and is a success", async (_, parts) => {
  const ask = failover([
    { name: "one", call: async () => words(parts) },
    { name: "other", call: async () => words() },
  ]);
  expect(await read(await ask("who?"))).toEqual(["one", "two", "three"]);
  expect(ask.ring.report()).toMatchObject([{ calls: 1, faults: 0 }, { calls: 0 }]);
});

test.each(endings)("%s: what is broken before its first word has an heir", async (_, parts) => {
  for (const fail of [unavailable, async () => unavailable()]) {
    const ask = failover([
      { name: "one", call: async () => words({ ...parts, next: fail }) },
      { name: "other", call: async () => words() },
    ]);
    // oxlint-disable-next-line no-await-in-loop -- One after the other.
    expect(await read(await ask("who?"))).toEqual(["one", "two", "three"]);
    expect(ask.ring.report()).toMatchObject([
      { calls: 1, faults: 1 },
      { calls: 1, faults: 0 },
    ]);
  }
});

function unavailable(): never {
  throw Object.assign(new Error("down"), { status: 503 });
}

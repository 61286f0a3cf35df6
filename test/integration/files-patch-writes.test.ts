/** What the patch of `fs` remembers of writes. */
import { expect, test } from "vitest";
import { type Write, WritesUnderWay } from "../../src/engine/files/patch/writes-under-way.ts";
import { ManualTools } from "../../src/resilience/manual-tools.ts";

const writesMax = 1000;
const write = (promise: Promise<unknown>): Write => ({
  kind: "write",
  operation: "fs.promises.writeFile",
  data: "x",
  encoding: "utf8",
  stack: {},
  isSameTurn: true,
  isOver: false,
  promise,
});

test("U2: no more than so many are known; what has ended is found out, and forgotten", async () => {
  const tools = new ManualTools();
  const writes = new WritesUnderWay(tools);
  const gate = Promise.withResolvers<void>();
  const failed = Promise.reject(new Error("handled here"));
  failed.catch(() => undefined);
  for (let index = 0; index < 2 * writesMax; index += 1) {
    writes.add(`f${index % 900}`, write(gate.promise));
  }
  expect(writes.count).toBe(writesMax);
  for (let index = 0; index < 20; index += 1) writes.add("f3", write(gate.promise));
  expect(writes.count).toBe(writesMax);
  expect(writes.at("f3").length).toBe(2);
  expect(writes.at("f3").every(({ isSameTurn }) => isSameTurn)).toBe(true);
  await tools.advance(1000);
  expect(writes.count).toBe(writesMax);
  expect(writes.at("f3").some(({ isSameTurn }) => isSameTurn)).toBe(false);
  gate.resolve();
  await tools.settle();
  expect(writes.at("f3")).toEqual([]);
  writes.add("f3", write(failed));
  expect(writes.count).toBe(writesMax - 1);
  await tools.advance(1000);
  expect(writes.isEmpty).toBe(true);
  expect(tools.pendingTimers).toBe(0);
});

test("U2: of one file the newest are known", () => {
  const writes = new WritesUnderWay(new ManualTools());
  const never = new Promise<void>(() => undefined);
  for (let index = 0; index < 100; index += 1) writes.add("f", write(never));
  expect(writes.count).toBe(8);
  expect(writes.at("f").length).toBe(8);
});

import { expect, test } from "vitest";
import { ManualTools } from "../../../resilience/manual-tools.ts";
import { type Write, WritesUnderWay, writesMax } from "./writes-under-way.ts";

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
  for (let index = 0; index < writesMax + 10; index += 1) {
    writes.add(`f${index % 7}`, write(gate.promise));
  }
  expect(writes.count).toBe(writesMax);
  expect(writes.at("f3").length).toBeGreaterThan(100);
  expect(writes.at("f3").every(({ isSameTurn }) => isSameTurn)).toBe(true);
  await tools.advance(1000);
  expect(writes.count).toBe(writesMax);
  expect(writes.at("f3").some(({ isSameTurn }) => isSameTurn)).toBe(false);
  gate.resolve();
  await tools.settle();
  expect(writes.at("f3")).toEqual([]);
  writes.add("f3", write(failed));
  expect(writes.count).toBe(1);
  await tools.advance(1000);
  expect(writes.isEmpty).toBe(true);
  expect(tools.pendingTimers).toBe(0);
});

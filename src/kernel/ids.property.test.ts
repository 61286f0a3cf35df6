import fc from "fast-check";
import { expect, it } from "vitest";
import { BoundedQueue } from "./bounded-queue.ts";
import { DueHeap } from "./due-heap.ts";
import { createIds } from "./ids.ts";
import { canonicalJson } from "./json.ts";
import { createRandom } from "./random.ts";

it("ids increase whatever the wall clock does (I1)", () => {
  const times = fc.array(fc.integer({ min: 0, max: 4_000_000_000_000 }), { minLength: 2 });
  fc.assert(
    fc.property(times, fc.integer(), (walls, seed) => {
      let now = 0;
      const clock = { now: () => ({ wallMs: walls[now] ?? 0, monotonicMs: now }) };
      const ids = createIds(clock, createRandom(seed));
      const made: string[] = [];
      for (; now < walls.length; now += 1) made.push(ids.next("x"), ids.next("x"));
      expect(made).toEqual([...new Set(made)].sort());
    }),
  );
});

it("the heap gives keys in the order of their last due time", () => {
  const sets = fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 99 })));
  fc.assert(
    fc.property(sets, fc.array(fc.integer({ min: 0, max: 20 })), (dues, deleted) => {
      const heap = new DueHeap();
      const model = new Map<string, number>();
      for (const [key, dueMs] of dues) {
        heap.set(String(key), dueMs);
        model.set(String(key), dueMs);
      }
      for (const key of deleted) {
        heap.delete(String(key));
        model.delete(String(key));
      }
      expect(heap.size).toBe(model.size);
      expect(heap.nextDueMs()).toBe(model.size === 0 ? undefined : Math.min(...model.values()));
      const taken: [string, number][] = [];
      for (let key = heap.takeDue(99); key !== undefined; key = heap.takeDue(99)) {
        taken.push([key, model.get(key) ?? -1]);
      }
      expect(taken.map(([, dueMs]) => dueMs)).toEqual([...model.values()].sort((a, b) => a - b));
      expect(taken.map(([key]) => key).sort()).toEqual([...model.keys()].sort());
    }),
  );
});

it("equal values have equal canonical text, and it is JSON", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (record) => {
      const reversed = Object.fromEntries(Object.entries(record).toReversed());
      expect(canonicalJson(reversed)).toBe(canonicalJson(record));
      expect(JSON.parse(canonicalJson(record))).toEqual(JSON.parse(JSON.stringify(record)));
    }),
  );
});

it("a full queue refuses, counts, and keeps what it has", () => {
  const queue = new BoundedQueue<number>(2);
  expect([1, 2, 3].map((item) => queue.offer(item))).toEqual([true, true, false]);
  expect(queue.refused).toBe(1);
  expect(queue.drain()).toEqual([1, 2]);
  expect(queue.size).toBe(0);
});

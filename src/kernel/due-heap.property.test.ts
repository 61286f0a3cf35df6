import fc from "fast-check";
import { expect, it } from "vitest";
import { DueHeap } from "./due-heap.ts";

const key = fc.constantFrom("a", "b", "c", "d", "e", "f");
const command = fc.oneof(
  fc.record({ kind: fc.constant("set" as const), key, ms: fc.integer({ min: 0, max: 50 }) }),
  fc.record({ kind: fc.constant("delete" as const), key }),
  fc.record({ kind: fc.constant("take" as const), ms: fc.integer({ min: 0, max: 50 }) }),
);

it("behaves as a plain map that is searched", () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 400 }), (commands) => {
      const heap = new DueHeap();
      const model = new Map<string, number>();
      for (const each of commands) {
        if (each.kind === "set") {
          heap.set(each.key, each.ms);
          model.set(each.key, each.ms);
        } else if (each.kind === "delete") {
          heap.delete(each.key);
          model.delete(each.key);
        } else {
          const earliestMs = Math.min(...model.values());
          const taken = heap.takeDue(each.ms);
          expect(taken !== undefined).toBe(earliestMs <= each.ms);
          if (taken === undefined) continue;
          expect(model.get(taken)).toBe(earliestMs);
          model.delete(taken);
        }
        expect(heap.size).toBe(model.size);
        expect(heap.nextDueMs() ?? Number.POSITIVE_INFINITY).toBe(Math.min(...model.values()));
        for (const [name, ms] of model) expect(heap.dueOf(name)).toBe(ms);
      }
    }),
    { seed: 5 },
  );
});

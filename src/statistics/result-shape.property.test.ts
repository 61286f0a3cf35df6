import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../kernel/index.ts";
import { cleanResults } from "./clean-results.ts";
import { plantedResults } from "./planted-results.ts";
import { ResultShape } from "./result-shape.ts";

/** As at a rate of calls at which there is time for a close look at each. */
function see(shape: ResultShape, value: unknown, index: number): boolean {
  if (index % 100 === 0) shape.refill(100);
  return shape.look(value) && shape.explain(value) !== undefined;
}

describe("no result of a healthy operation is suspicious, of 100,000 each", () => {
  it.each(Object.entries(cleanResults))("%s", (_, operation) => {
    for (let seed = 0; seed < 2; seed += 1) {
      const results = operation(createRandom(seed));
      const shape = new ResultShape();
      const told = [];
      for (let index = 0; index < 100_000; index += 1) {
        const result = results.next();
        if (see(shape, result, index)) told.push({ seed, index, result });
      }
      expect(told).toEqual([]);
    }
  });
});

describe("a fault among them is told", () => {
  it.each(Object.entries(plantedResults))("%s", (_, { among, needs, make }) => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1000, max: 5000 }), (seed, known) => {
        const random = createRandom(seed);
        const results = cleanResults[among]?.(random);
        const shape = new ResultShape();
        for (let index = 0; index < known; index += 1) see(shape, results?.next(), index);
        shape.refill(100);
        const faults = needs === "one" ? 1 : 60;
        const told = Array.from({ length: faults }, () => see(shape, make(random), 1));
        expect(told).toContain(true);
      }),
      { numRuns: 20 },
    );
  });
});

it("whatever comes, a look is a yes or a no and an explanation never throws (invariant 1)", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.anything({
          withBigInt: true,
          withMap: true,
          withTypedArray: true,
          withNullPrototype: true,
          withSparseArray: true,
        }),
        { maxLength: 400 },
      ),
      (values) => {
        const shape = new ResultShape();
        for (const value of values) if (shape.look(value)) shape.explain(value);
        expect(shape.count).toBe(values.length);
      },
    ),
    { numRuns: 50 },
  );
});

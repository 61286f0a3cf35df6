import fc from "fast-check";
import { expect, test } from "vitest";
import { totalLength } from "./spans.ts";

const span = fc
  .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 20 }))
  .map(([from, length]) => ({ from, to: from + length }));

test("overlaps count once: as long as the seconds that lie in any of them", () => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 12 }), (spans) => {
      const seconds = Array.from({ length: 80 }, (_, second) => second);
      const covered = seconds.filter((at) => spans.some(({ from, to }) => from <= at && at < to));
      expect(totalLength(spans)).toBe(covered.length);
    }),
  );
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { damageAgainst, isCutOffJson, isSuspicious } from "./damage.ts";

const bytes = fc.uint8Array({ minLength: 1, maxLength: 60 });

test("D2: every true beginning of the copy is damaged, also with zeros behind it", () => {
  fc.assert(
    fc.property(bytes, fc.nat(), fc.nat(20), (kept, seed, zeros) => {
      const length = seed % kept.length;
      const start = kept.subarray(0, length);
      expect(damageAgainst(start, kept)).toBe(length === 0 ? "empty" : "truncated");
      expect(isSuspicious(start, kept.length)).toBe(true);
      const zeroed = new Uint8Array(Math.min(length + zeros, kept.length));
      zeroed.set(start);
      const isSame = Buffer.compare(zeroed, kept) === 0;
      expect(damageAgainst(zeroed, kept) === undefined).toBe(isSame);
    }),
  );
});

test("D1: what is no beginning of the copy, and no beginning with zeros behind it, is whole", () => {
  fc.assert(
    fc.property(bytes, bytes, (content, kept) => {
      const ends = content.findLastIndex((byte) => byte !== 0) + 1;
      const isStart =
        content.length <= kept.length &&
        Buffer.compare(content.subarray(0, ends), kept.subarray(0, ends)) === 0 &&
        Buffer.compare(content, kept) !== 0;
      expect(damageAgainst(content, kept) !== undefined).toBe(isStart);
      // What is not even looked at is whole.
      if (isStart) expect(isSuspicious(content, kept.length)).toBe(true);
    }),
  );
});

test("D3: JSON is cut off at every place inside it, and nowhere else", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue())),
      fc.nat(),
      fc.integer({ min: 0, max: 2 }),
      (value, seed, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(isCutOffJson(text)).toBe(false);
        expect(isCutOffJson(`// a comment {\n${text} /* and [ one */`)).toBe(false);
        expect(isCutOffJson(text.slice(0, 1 + (seed % (text.length - 1))))).toBe(true);
      },
    ),
  );
  expect(["", "  \n", "no json", "{} /* open"].map(isCutOffJson)).toEqual([
    false,
    false,
    false,
    true,
  ]);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { LineSplitter } from "./line-splitter.ts";

/** `bytes` in pieces that end at `cuts`. */
function pieces(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const places = cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b);
  return [...places, bytes.length].map((end, index) => bytes.subarray(places[index - 1] ?? 0, end));
}

test("the lines do not depend on where the stream was cut, not even within a character (2)", () => {
  const lines = fc.array(
    fc.string({ unit: "grapheme" }).map((each) => each.replace(/[\n\r]/g, "")),
  );
  fc.assert(
    fc.property(lines, fc.array(fc.nat()), (written, cuts) => {
      const splitter = new LineSplitter();
      const bytes = Buffer.from(written.map((line) => `${line}\n`).join(""));
      expect(pieces(bytes, cuts).flatMap((piece) => splitter.push(piece))).toEqual(written);
    }),
  );
});

test("a line is cut at 8 KiB and the next one is whole (1)", () => {
  fc.assert(
    fc.property(fc.nat({ max: 40_000 }), fc.array(fc.nat()), (length, cuts) => {
      const splitter = new LineSplitter();
      const bytes = Buffer.from(`${"x".repeat(length)}\nnext\n`);
      const [first = "", second] = pieces(bytes, cuts).flatMap((piece) => splitter.push(piece));
      expect(first.length).toBe(Math.min(length, 8192));
      expect(second).toBe("next");
    }),
  );
});

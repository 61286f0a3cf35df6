import fc from "fast-check";
import { expect, test } from "vitest";
import { judgeRead, type Seen } from "./judge-read.ts";

const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((each) => Buffer.from(each));
const underway = (data: Buffer | undefined, isSameTurn: boolean) =>
  ({ kind: "write", data, isSameTurn }) as const;

test("J1: who has got all is right, at any time", () => {
  fc.assert(
    fc.property(bytes, fc.boolean(), (data, isSameTurn) => {
      const content = Buffer.from(data);
      expect(judgeRead(underway(data, isSameTurn), { kind: "content", content })).toBe(undefined);
      const seen: Seen = { kind: "size", sizeBytes: data.length };
      expect(judgeRead(underway(data, isSameTurn), seen)).toBe(undefined);
    }),
  );
});

test("J2, J3: a true beginning is wrong at any time, another content in the same turn only", () => {
  fc.assert(
    fc.property(bytes, bytes, fc.nat(), (data, other, seed) => {
      const start = data.subarray(0, seed % data.length);
      const short = start.length === 0 ? "empty" : "short";
      for (const isSameTurn of [true, false]) {
        const seen: Seen = { kind: "content", content: start };
        expect(judgeRead(underway(data, isSameTurn), seen)).toBe(short);
      }
      fc.pre(!data.subarray(0, other.length).equals(other));
      const old: Seen = { kind: "content", content: other };
      expect(judgeRead(underway(data, true), old)).toBe("old");
      expect(judgeRead(underway(data, false), old)).toBe(undefined);
    }),
  );
});

test.each([
  ["missing", { kind: "missing" }],
  ["unfinished", { kind: "unknown" }],
  ["empty", { kind: "size", sizeBytes: 0 }],
  ["short", { kind: "size", sizeBytes: 2 }],
  ["old", { kind: "size", sizeBytes: 9 }],
] as const)("J3: %s is told in the same turn only", (wrong, seen) => {
  const data = Buffer.from("four");
  expect(judgeRead(underway(data, true), seen)).toBe(wrong);
  expect(judgeRead(underway(data, false), seen)).toBe(undefined);
});

test("what is added has to be at the end; a stream of unknown length is told when nothing is there", () => {
  const append = { kind: "append", data: Buffer.from("b"), isSameTurn: true } as const;
  const content = (text: string): Seen => ({ kind: "content", content: Buffer.from(text) });
  expect(judgeRead(append, content("ab"))).toBe(undefined);
  expect(judgeRead(append, content("a"))).toBe("old");
  expect(judgeRead({ ...append, isSameTurn: false }, content(""))).toBe(undefined);
  expect(judgeRead(underway(undefined, false), content(""))).toBe("empty");
  expect(judgeRead(underway(undefined, false), content("a"))).toBe(undefined);
  expect(judgeRead(underway(Buffer.alloc(0), false), content(""))).toBe(undefined);
});

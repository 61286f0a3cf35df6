import { expect, test } from "vitest";
import { SlowPatternError, textPattern } from "./text-pattern.ts";

test("plain text must occur as it stands", () => {
  expect(textPattern("a.c").matches("xa.cx")).toBe(true);
  expect(textPattern("a.c").matches("abc")).toBe(false);
  expect(textPattern("/tmp").matches("in /tmp now")).toBe(true);
});

test("an expression between slashes, with flags; no look depends on the one before (T2)", () => {
  const pattern = textPattern("/^err(or)?$/gim");
  expect([pattern.matches("x\nERROR"), pattern.matches("x\nERROR")]).toEqual([true, true]);
  expect(pattern.matching(["err", "errors", "Error"])).toEqual([0, 2]);
});

test("an expression that takes for ever on some text is stopped (T1)", () => {
  const pattern = textPattern("/(x+x+)+y/");
  expect(() => pattern.matches("x".repeat(5000))).toThrow(SlowPatternError);
  expect(pattern.matches("xxy")).toBe(true);
});

test("what is no expression is refused at once", () => {
  expect(() => textPattern("/(/")).toThrow(SyntaxError);
});

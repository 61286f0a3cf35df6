import { expect, test } from "vitest";
import { cutOff } from "./cut-off.ts";

test("what is cut off says so, and no mask is cut through", () => {
  expect(cutOff("short", 5)).toBe("short");
  expect(cutOff("longer", 4)).toBe("long...");
  for (const length of [4, 5, 6, 7])
    expect(cutOff("key ***, and", length)).toMatch(/^key (\*{3},?)?\.{3}$/);
});

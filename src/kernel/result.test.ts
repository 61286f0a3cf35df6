import { describe, expect, it } from "vitest";
import { messageOf } from "./result.ts";

describe("messageOf", () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;

  it.each([
    [new Error("disk full"), "disk full"],
    [new TypeError(""), "TypeError"],
    ["as it is", "as it is"],
    [{ code: 7 }, '{"code":7}'],
    [undefined, "undefined"],
    [circle, "[object Object]"],
    [7n, "[object BigInt]"],
  ])("says %o as a text, whatever was thrown", (thrown, text) => {
    expect(messageOf(thrown)).toBe(text);
  });
});

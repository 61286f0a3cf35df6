import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainLines, plainText } from "./plain-text.ts";

describe("plainText", () => {
  it.each([
    ["cursor moves", "a\u001b[2Jb\u001b[10;5Hc", "abc"],
    ["window titles", "a\u001b]0;title\u0007b\u001b]8;;http://x\u001b\\c", "abc"],
    ["a carriage return that would hide the line", "bad\rgood", "bad good"],
    ["8-bit control characters", "a\u009b2Jb", "a 2Jb"],
    ["changes of the direction of writing", "a\u2068b\u2069c\u202ed", "abcd"],
    ["colours, unless they may stay", "\u001b[31mred\u001b[0m", "red"],
  ])("takes out %s", (_, text, plain) => {
    expect(plainText(text)).toBe(plain);
  });

  it("keeps colours where they may stay", () => {
    const text = "\u001b[31mred\u001b[0m \u001b[2Jx";
    expect(plainText(text, { keepColours: true })).toBe("\u001b[31mred\u001b[0m x");
  });

  it("keeps the lines of a message apart", () => {
    expect(plainLines("a\u001b]0;t\u0007b\n\rc", "  ")).toBe("  ab\n   c");
  });

  it("never lets a control character through, whatever comes", () => {
    const nasty = fc.string({
      unit: fc.constantFrom("\u001b", "[", "]", "m", "1", ";", "\u0007", "a"),
    });
    fc.assert(
      fc.property(nasty, (text) => {
        // oxlint-disable-next-line no-control-regex
        expect(plainText(text)).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/);
      }),
    );
  });
});

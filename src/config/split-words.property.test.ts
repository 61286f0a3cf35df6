import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { joinWords, splitWords } from "./split-words.ts";

const words = fc.array(fc.string({ unit: "grapheme" }), { minLength: 1, maxLength: 8 });

describe("splitting words", () => {
  it("takes apart what joining put together", () => {
    fc.assert(
      fc.property(words, (given) => {
        expect(splitWords(joinWords(given))).toEqual({ ok: true, value: given });
      }),
    );
  });

  it("answers for any text, and never hands on what only a shell could do", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const split = splitWords(text);
        expect(split.ok ? split.value.length : split.error.length).toBeGreaterThan(0);
        if (/^[^'"\\]*[|&;<>()`$]/.test(text)) expect(split.ok).toBe(false);
      }),
    );
  });

  it("keeps what double quotes keep", () => {
    const text = `a"b c"'d $e' "\\"f\\\\ \\$g" h\\ i`;
    expect(splitWords(text)).toEqual({ ok: true, value: ["ab cd $e", '"f\\ $g', "h i"] });
  });
});

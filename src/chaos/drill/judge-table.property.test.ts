import fc from "fast-check";
import { expect, test } from "vitest";
import { breakLines } from "./judge-table.ts";

test("broken lines are never too wide and lose nothing but spaces", () => {
  const words = fc.array(fc.stringMatching(/^[a-z_()]{1,30}$/), { maxLength: 8 });
  fc.assert(
    fc.property(words, fc.integer({ min: 1, max: 20 }), (parts, width) => {
      const text = parts.join(" ");
      const lines = breakLines(text, width);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
      expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
    }),
  );
});

import { matchesGlob } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cleanPattern } from "./clean-pattern.ts";

const name = fc.string({ unit: fc.constantFrom("a", "b", ".", "1"), minLength: 1, maxLength: 4 });
const path = fc
  .array(
    name.filter((each) => !/^\.+$/.test(each)),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.join("/"));
const piece = fc.constantFrom("a", "b", ".", "1", "*", "?", "[ab]", "[!a]", "{a,b1}", "{a/b,*}");
const part = fc.oneof(
  { weight: 3, arbitrary: fc.array(piece, { minLength: 1, maxLength: 3 }).map((p) => p.join("")) },
  { weight: 1, arbitrary: fc.constant("**") },
);
const pattern = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));

describe("clean patterns", () => {
  test("match nothing that node's own globs do not", () => {
    fc.assert(
      fc.property(pattern, path, (glob, file) => {
        const compiled = cleanPattern(glob);
        fc.pre(compiled.ok);
        // One way only: here a dot has to be written out in more places.
        if (compiled.value.matches(file)) expect(matchesGlob(file, glob)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  test("match what node's globs match, where no name begins with a dot", () => {
    const plainPath = path.filter((each) => !/(?:^|\/)\./.test(each));
    fc.assert(
      fc.property(pattern, plainPath, (glob, file) => {
        const compiled = cleanPattern(glob);
        fc.pre(compiled.ok);
        if (matchesGlob(file, glob)) expect(compiled.value.matches(file)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  test("any text is refused or compiled, and nothing matches a path that leads out", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 30 }), (glob) => {
        const compiled = cleanPattern(glob);
        if (!compiled.ok) return;
        expect(compiled.value.matches("../a")).toBe(false);
        expect(compiled.value.matches("/a")).toBe(false);
        expect(compiled.value.matches("")).toBe(false);
      }),
      { numRuns: 3000 },
    );
  });
});

import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { type RawPath, rawPathOfBytes, rawPathOfText } from "../raw-path.ts";
import { compileCategories } from "./categories.ts";
import { isInside } from "./is-inside.ts";
import { compilePatterns } from "./path-patterns.ts";

function matches(pattern: string, path: string | RawPath): boolean {
  const compiled = compilePatterns([pattern]);
  if (!compiled.ok) throw new Error(compiled.error);
  return compiled.value.matches(rawPathOfText(path));
}

describe("path patterns", () => {
  it.each([
    ["**/node_modules", "node_modules"],
    ["**/node_modules", "a/b/node_modules"],
    ["**/*.tmp", "a/.hidden.tmp"],
    ["**/.hidden/**", "a/.hidden/b"],
    ["deploy/**", "deploy/.env"],
    ["deploy/", "deploy/x"],
    ["**/production/**", "x/production/y/z"],
    ["{a,b}/c", "b/c"],
    ["**/caf?", "x/café"],
    ["**/[à-ü]*", "x/éclair"],
    ["**/naïve-*.txt", "naïve-1.txt"],
  ])("%s matches %s", (pattern, path) => {
    expect(matches(pattern, path)).toBe(true);
  });

  it.each([
    ["deploy/**", "deploy"],
    ["deploy/**", "x/deploy/y"],
    ["**/node_modules", "my_node_modules"],
    ["**/*.tmp", "a/tmp"],
    ["a/*/c", "a/b/b/c"],
    ["**/caf?", "x/cafés"],
    ["**/*", ""],
  ])("%s does not match %s", (pattern, path) => {
    expect(matches(pattern, path)).toBe(false);
  });

  it("hold for all that is below (1)", () => {
    expect(matches("**/node_modules", "a/node_modules/b/c")).toBe(true);
    expect(matches("a/b", "a/b/c")).toBe(true);
    expect(matches("a/b", "a/bc")).toBe(false);
  });

  it("mean a name at any depth where they hold no slash (2)", () => {
    expect(matches("*.log", "a/b/c.log")).toBe(true);
  });

  it("take a byte that is no UTF-8 for one character (4)", () => {
    const name = rawPathOfBytes(Buffer.from([0x61, 0xff, 0x62]));
    const compiled = compilePatterns(["a?b"]);
    expect(compiled).toMatchObject({ ok: true });
    if (!compiled.ok) return;
    expect(compiled.value.matches(name)).toBe(true);
    expect(compiled.value.matches(rawPathOfBytes(Buffer.from([0x61, 0xff, 0xff, 0x62])))).toBe(
      false,
    );
  });

  it.each(["", "/etc", "a/../b", "a{b", "[", "a\\b", "*".repeat(2).concat("/x/").repeat(12)])(
    "%s is refused",
    (pattern) => {
      expect(compilePatterns([pattern])).toMatchObject({ ok: false });
    },
  );
});

describe("categories", () => {
  it("may share a path, and are told in their order", () => {
    const categories = compileCategories({
      critical: ["**/production/**"],
      hidden: ["**/.hidden/**"],
      integration: ["deploy/**"],
    });
    expect(categories).toMatchObject({ ok: true });
    if (!categories.ok) return;
    const of = (path: RawPath): readonly string[] => categories.value.of(path);
    expect(of(rawPathOfText("deploy/production/.hidden/key"))).toEqual([
      "critical",
      "hidden",
      "integration",
    ]);
    expect(of(rawPathOfText("readme"))).toEqual([]);
  });

  it("say which pattern is wrong", () => {
    expect(compileCategories({ critical: ["a{"] })).toMatchObject({
      ok: false,
      error: expect.stringContaining("a{") as string,
    });
  });
});

describe("isInside", () => {
  it.each([
    ["/a/b", "/a", true],
    ["/a", "/a", true],
    ["/ab", "/a", false],
    ["/a", "/a/b", false],
    ["/x", "/", true],
  ])("%s in %s: %s", (path, folder, expected) => {
    expect(isInside(rawPathOfText(path), rawPathOfText(folder))).toBe(expected);
  });
});

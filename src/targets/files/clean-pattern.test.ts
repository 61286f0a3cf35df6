import { describe, expect, test } from "vitest";
import { cleanPattern } from "./clean-pattern.ts";

function matches(pattern: string, path: string): boolean {
  const compiled = cleanPattern(pattern);
  if (!compiled.ok) throw new Error(compiled.error);
  return compiled.value.matches(path);
}

describe("clean patterns", () => {
  test.each([
    ["*.log", "a.log", true],
    ["*.log", "sub/a.log", false],
    ["*.log", "a.logs", false],
    ["*", ".hidden", false],
    [".*", ".hidden", true],
    ["[!a]x", ".x", false],
    ["**", "a/b/c", true],
    ["**", "a/.b/c", false],
    ["**/*.log", "a.log", true],
    ["**/*.log", "a/b/c.log", true],
    ["a/**/b", "a/b", true],
    ["a/**/b", "a/x/y/b", true],
    ["a/**", "a", false],
    ["**/**/x", "x", true],
    ["core.?", "core.1", true],
    ["core.?", "core.12", false],
    ["[a-c]*.{log,tmp}", "b1.tmp", true],
    ["[a-c]*.{log,tmp}", "d1.tmp", false],
    ["{a,b/{c,d}}/x", "b/d/x", true],
    ["[]]x", "]x", true],
    ["a+(b).log", "a+(b).log", true],
    ["x.log", "xxlog", false],
    ["?\u{1f512}[\u{1f511}-\u{1f513}]", "\u{1f511}\u{1f512}\u{1f513}", true],
    ["**/.git/**/x", ".git/a/x", true],
    ["**/.git/**/x", "a/.git/.git/x", false],
    ["**/a/b/**/c", "a/a/b/b/c", true],
  ])("%s on %s: %s", (pattern, path, expected) => {
    expect(matches(pattern, path)).toBe(expected);
  });

  test.each([
    "",
    "/etc/*",
    "../*",
    "a/../b",
    "{..,a}/b",
    "{.,.}{.,.}/b",
    "./a",
    "a//b",
    "a\\b",
    "a\0b",
    "{a",
    "a}",
    "[ab",
    "a[/]b",
    "[z-a]",
    "*a*b*c*d*e*f*g*h*i*j*k",
    "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}",
    "a".repeat(1001),
  ])("the doubtful %j is refused", (pattern) => {
    expect(cleanPattern(pattern)).toMatchObject({ ok: false, error: expect.any(String) as string });
  });

  test("no name takes long, be it made for it", () => {
    // As regular expressions they would not end within years.
    expect(matches("*-*-*-*-*-*-*-*-*-*.log", `a${"-".repeat(250)}`)).toBe(false);
    expect(matches("**/a/**/a/**/a/**/a/**/a/**/b", `${"a/".repeat(2000)}c`)).toBe(false);
    expect(matches("*-*-*-*-*-*-*-*-*-*.log", `a${"-".repeat(250)}.log`)).toBe(true);
  });

  test("it knows how deep a look is needed", () => {
    expect(cleanPattern("{a,b/*}/x")).toMatchObject({ ok: true, value: { partsMax: 3 } });
    expect(cleanPattern("a/**")).toMatchObject({
      ok: true,
      value: { partsMax: Number.POSITIVE_INFINITY },
    });
  });
});

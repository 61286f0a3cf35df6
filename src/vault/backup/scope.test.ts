import { expect, test } from "vitest";
import { type RawPath, rawPathOfText } from "../raw-path.ts";
import { everything, onlyChanged } from "./scope.ts";
import { waysTo } from "./sources.ts";

const raw = rawPathOfText;

test("what changed is listed, what lies above is passed, everything else is kept", () => {
  const scope = onlyChanged([raw("/srv/a/b"), raw("/srv/c")]);
  const treated = (path: string): string => scope.treat(raw(path));
  expect(["/", "/srv", "/srv/a"].map(treated)).toEqual(["pass", "pass", "pass"]);
  expect(["/srv/a/b", "/srv/c"].map(treated)).toEqual(["list", "list"]);
  expect(["/srv/a/bb", "/srv/a/b/x", "/srv/d", "/s"].map(treated)).toEqual(Array(4).fill("keep"));
  expect(everything.treat(raw("/srv/d"))).toBe("list");
});

test("a change in the root of the file system is listed", () => {
  expect(onlyChanged([raw("/")]).treat(raw("/"))).toBe("list");
});

test("the way to a source goes through the folders above it, and ends in all of it", () => {
  const way = waysTo([raw("/srv/a"), raw("/srv/b/c"), raw("/srv/a/inside"), raw("/home")]);
  const shown = (each: typeof way): unknown =>
    each === undefined
      ? "all"
      : Object.fromEntries(
          [...each].map(([name, next]: [RawPath, typeof way]) => [name, shown(next)]),
        );
  expect(shown(way)).toEqual({ srv: { a: "all", b: { c: "all" } }, home: "all" });
  expect(waysTo([raw("/srv"), raw("/")])).toBeUndefined();
});

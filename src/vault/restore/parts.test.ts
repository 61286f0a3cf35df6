import { describe, expect, it } from "vitest";
import { rawPathOfText } from "../raw-path.ts";
import { chooseParts, type Parts, type PartsWish } from "./parts.ts";

const raw = rawPathOfText;

function partsOf(wish: Omit<PartsWish, "sources">): Parts {
  const parts = chooseParts({ sources: ["/srv/data"], ...wish });
  if (!parts.ok) throw new Error(parts.error);
  return parts.value;
}

describe("the parts that are meant", () => {
  it("are all without a wish, but for the folders above what is protected", () => {
    const { holds, mayHold } = partsOf({});
    const paths = ["/srv/data", "/srv/data/a", "/etc", "/", "/srv"].map(raw);
    expect(paths.filter(holds)).toEqual(paths.slice(0, 3));
    expect(paths.filter(mayHold)).toEqual(paths);
  });

  it("are what is named, and all below it", () => {
    const { holds, mayHold } = partsOf({ paths: [raw("/srv/data/a/")] });
    expect(["/srv", "/srv/data", "/srv/data/b", "/srv/data/ab"].map(raw).filter(holds)).toEqual([]);
    expect(holds(raw("/srv/data/a"))).toBe(true);
    expect(holds(raw("/srv/data/a/b"))).toBe(true);
    const ways = ["/srv", "/srv/data", "/srv/data/a", "/srv/data/a/b", "/srv/data/b", "/etc"];
    expect(ways.map(raw).filter(mayHold)).toEqual(ways.slice(0, 4));
  });

  it("are what globs match below the sources", () => {
    const { holds, mayHold } = partsOf({ globs: ["**/production/**", "*.key"] });
    const paths = ["/srv/data", "/srv/data/x/production/y/z", "/srv/data/a.key", "/srv/a.key"];
    expect(paths.map(raw).filter(holds)).toEqual(paths.slice(1, 3));
    expect(["/srv", "/srv/data/x", "/etc"].map(raw).filter(mayHold)).toEqual([
      "/srv",
      "/srv/data/x",
    ]);
  });

  it("are refused when they cannot be", () => {
    expect(chooseParts({ sources: [], paths: [raw("a")] })).toMatchObject({ ok: false });
    expect(chooseParts({ sources: [], globs: ["[a"] })).toMatchObject({ ok: false });
  });
});

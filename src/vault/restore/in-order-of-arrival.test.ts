import { describe, expect, it } from "vitest";
import type { StoredSnapshot } from "../format/snapshot-json.ts";
import { inOrderOfArrival } from "./in-order-of-arrival.ts";

function snapshot(id: string, timeNs: bigint, about: Partial<StoredSnapshot> = {}): StoredSnapshot {
  return {
    id,
    timeNs,
    tree: "",
    parent: "",
    paths: ["/srv/data"],
    hostname: "here",
    username: "",
    uid: 0,
    gid: 0,
    excludes: [],
    tags: [],
    original: "",
    programVersion: "",
    ...about,
  };
}

function ordered(snapshots: readonly StoredSnapshot[], came: readonly string[] = []): string {
  const sequenceOf = (id: string): number | undefined => {
    const at = came.indexOf(id);
    return at < 0 ? undefined : at;
  };
  const orders = [snapshots, snapshots.toReversed()].map((each) =>
    inOrderOfArrival(each, sequenceOf)
      .map(({ id }) => id)
      .join(" "),
  );
  expect(new Set(orders).size).toBe(1);
  return orders[0] ?? "";
}

describe("snapshots in the order in which they came", () => {
  it("O1: are not led astray by a clock that was ahead, or behind", () => {
    const all = [snapshot("ahead", 900n), snapshot("b", 20n), snapshot("c", 30n)];
    expect(ordered(all, ["ahead", "b", "c"])).toBe("ahead b c");
    const behind = [snapshot("a", 10n), snapshot("b", 20n), snapshot("behind", 1n)];
    expect(ordered(behind, ["a", "b", "behind"])).toBe("a b behind");
  });

  it("O1: says nothing of other machines and other paths", () => {
    const other = snapshot("other", 900n, { hostname: "there" });
    const paths = snapshot("paths", 800n, { paths: ["/srv/else"] });
    const all = [other, paths, snapshot("a", 10n)];
    expect(ordered(all, ["other", "paths", "a"])).toBe("a paths other");
  });

  it("O2: go by their own times where nothing is recorded, behind what is", () => {
    expect(ordered([snapshot("b", 20n), snapshot("a", 10n), snapshot("c", 20n)])).toBe("a b c");
    const all = [snapshot("ahead", 900n), snapshot("new", 30n), snapshot("newer", 40n)];
    expect(ordered(all, ["ahead"])).toBe("ahead new newer");
  });

  it("O3: a copy of an old one is old, whenever it came", () => {
    const all = [snapshot("a", 10n), snapshot("b", 20n), snapshot("copy", 5n, { original: "x" })];
    expect(ordered(all, ["a", "b", "copy"])).toBe("copy a b");
  });
});

import { describe, expect, test } from "vitest";
import type { Upstream } from "../../model/index.ts";
import { type Member, Upstreams } from "./upstreams.ts";

const upstream = (id: string, state: Upstream["state"], port = 1000): Upstream => ({
  id,
  port,
  state,
});

function declared(...wanted: Upstream[]): Upstreams {
  const upstreams = new Upstreams();
  upstreams.declare(wanted);
  return upstreams;
}

function chosen(upstreams: Upstreams, avoid: readonly Member[] = []): Member {
  const member = upstreams.choose(avoid);
  if (member === undefined) throw new Error("nobody serves");
  return member;
}

describe("choice (invariant 2)", () => {
  test("only who serves is chosen", () => {
    const upstreams = declared(
      upstream("a", "join"),
      upstream("b", "drain"),
      upstream("c", "eject"),
    );
    expect(upstreams.choose()).toBeUndefined();
    upstreams.declare([upstream("a", "serve")]);
    expect(chosen(upstreams).id).toBe("a");
  });

  test("equals take turns", () => {
    const upstreams = declared(upstream("a", "serve"), upstream("b", "serve"));
    const ids = [1, 2, 3, 4].map(() => chosen(upstreams).id);
    expect(ids).toEqual(["a", "b", "a", "b"]);
  });

  test("the least busy comes first", () => {
    const upstreams = declared(upstream("a", "serve"), upstream("b", "serve"));
    upstreams.begin(chosen(upstreams));
    expect([chosen(upstreams).id, chosen(upstreams).id]).toEqual(["b", "b"]);
  });

  test("avoiding is a preference, not a ban", () => {
    const upstreams = declared(upstream("a", "serve"), upstream("b", "serve"));
    const first = chosen(upstreams);
    expect(chosen(upstreams, [first]).id).toBe("b");
    upstreams.declare([upstream("a", "serve"), upstream("b", "drain")]);
    expect(chosen(upstreams, [first]).id).toBe("a");
  });
});

describe("declared and observed (invariant 1)", () => {
  test("a lost upstream joins again, and serves when it answers", () => {
    const upstreams = declared(upstream("a", "serve"));
    const member = chosen(upstreams);
    expect(upstreams.lost(member)).toBe(true);
    expect(upstreams.lost(member)).toBe(false);
    expect(upstreams.choose()).toBeUndefined();
    const { joining, serving } = upstreams.declare([upstream("a", "serve")]);
    expect([joining, serving]).toEqual([[], []]);
    expect(upstreams.choose()).toBeUndefined();
    expect(upstreams.answered(member)).toBe(true);
    expect(chosen(upstreams)).toBe(member);
  });

  test("one that was told to go is neither lost nor found", () => {
    const upstreams = declared(upstream("a", "serve"));
    const member = chosen(upstreams);
    upstreams.declare([upstream("a", "drain")]);
    expect([upstreams.lost(member), upstreams.answered(member)]).toEqual([false, false]);
    expect(upstreams.reports()[0]?.state).toBe("draining");
  });

  test("changes name exactly who changed", () => {
    const upstreams = declared(upstream("a", "serve"), upstream("b", "serve"));
    const changes = upstreams.declare([upstream("a", "eject"), upstream("c", "join")]);
    const ids = (members: readonly Member[]): string[] => members.map(({ id }) => id);
    expect(ids(changes.ejected)).toEqual(["a"]);
    expect(ids(changes.joining)).toEqual(["c"]);
    expect(ids(changes.leaving)).toEqual(["b"]);
    expect(ids(changes.serving)).toEqual([]);
  });
});

describe("leaving (invariants 3 and 4)", () => {
  test("who is no longer declared finishes, then is forgotten", () => {
    const upstreams = declared(upstream("a", "serve"));
    const member = chosen(upstreams);
    upstreams.begin(member);
    upstreams.declare([]);
    expect(upstreams.reports()).toMatchObject([{ id: "a", state: "draining", inFlight: 1 }]);
    expect(upstreams.inFlight("a")).toBe(1);
    upstreams.end(member, "served");
    expect(upstreams.reports()).toEqual([]);
    expect(upstreams.inFlight("a")).toBe(0);
  });

  test("a new port under an old id is somebody new", () => {
    const upstreams = declared(upstream("a", "serve", 1000));
    const before = chosen(upstreams);
    upstreams.begin(before);
    upstreams.declare([upstream("a", "join", 2000)]);
    expect(upstreams.reports().map(({ state }) => state)).toEqual(["draining", "joining"]);
    upstreams.end(before, "failed");
    expect(upstreams.reports()).toMatchObject([{ state: "joining", inFlight: 0, failed: 0 }]);
  });

  test("one that is declared again serves again", () => {
    const upstreams = declared(upstream("a", "serve"));
    const member = chosen(upstreams);
    upstreams.begin(member);
    upstreams.declare([]);
    upstreams.declare([upstream("a", "serve")]);
    expect(chosen(upstreams)).toBe(member);
  });
});

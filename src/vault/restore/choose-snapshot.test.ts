import { describe, expect, it } from "vitest";
import type { StoredSnapshot } from "../format/snapshot-json.ts";
import { chooseSnapshot } from "./choose-snapshot.ts";

const hourMs = 3_600_000;
const nowMs = 1_000_000 * hourMs;
const now = { wallMs: nowMs, offsetMsAt: () => 0 };

function snapshot(
  id: string,
  hoursAgo: number,
  about: Partial<StoredSnapshot> = {},
): StoredSnapshot {
  return {
    id: id.padEnd(64, "0"),
    timeNs: BigInt(nowMs - hoursAgo * hourMs) * 1_000_000n,
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

const old = snapshot("abc1", 30, { hostname: "there" });
const middle = snapshot("abd2", 10, { tags: ["weekly", "kept"] });
const last = snapshot("fff3", 1);
const all = [old, middle, last];

describe("the snapshot that is meant", () => {
  it("is the one that came last, whatever its time says", () => {
    const ahead = snapshot("eee1", -1000);
    const chosen = chooseSnapshot([old, ahead, middle], {}, now);
    expect(chosen).toEqual({ ok: true, value: middle });
  });

  it("is the same one of two at the same moment, in whatever order they come", () => {
    const twins = [snapshot("aaa1", 1), snapshot("bbb2", 1)];
    const wish = { at: "now" };
    const chosen = [twins, twins.toReversed()].map((each) => chooseSnapshot(each, wish, now));
    expect(chosen).toEqual([
      { ok: true, value: twins[1] },
      { ok: true, value: twins[1] },
    ]);
  });

  it.each([
    [{}, last],
    [{ id: "latest" }, last],
    [{ id: "abc" }, old],
    [{ id: middle.id }, middle],
    [{ at: "10h ago" }, middle],
    [{ at: "9h ago" }, middle],
    [{ at: "now" }, last],
    [{ host: "there" }, old],
    [{ tags: ["kept", "weekly"] }, middle],
    [{ path: "/srv/data/below" }, last],
  ])("%j", (wish, expected) => {
    expect(chooseSnapshot(all, wish, now)).toEqual({ ok: true, value: expected });
  });

  it.each([
    [{ id: "ab" }, "OPTIONS_INVALID", /beginning of 2 ids: abc10000, abd20000/],
    [{ id: "abe" }, "NOT_FOUND", /begins with abe/],
    [{ id: "xyz" }, "OPTIONS_INVALID", /neither/],
    [{ id: "abc", at: "now" }, "OPTIONS_INVALID", /not both/],
    [{ at: "whenever" }, "OPTIONS_INVALID", /no moment/],
    [{ at: "31h ago" }, "NOT_FOUND", /the oldest is abc10000 of 2084-01-28T10:00:00Z/],
    [{ at: "15h ago", host: "here" }, "NOT_FOUND", /the oldest is abd20000/],
    [{ path: "/srv/other" }, "NOT_FOUND", /no snapshot is of \/srv\/other/],
    [{ path: "/srv" }, "NOT_FOUND", /no snapshot is of \/srv/],
    [{ tags: ["weekly", "daily"] }, "NOT_FOUND", /tagged weekly and daily/],
  ])("%j is refused", (wish, code, message) => {
    const chosen = chooseSnapshot(all, wish, now);
    if (chosen.ok) throw new Error("chosen");
    expect(chosen.error.code).toBe(code);
    expect(chosen.error.message).toMatch(message);
  });

  it("is none in an empty vault", () => {
    expect(chooseSnapshot([], {}, now)).toMatchObject({ ok: false });
  });
});

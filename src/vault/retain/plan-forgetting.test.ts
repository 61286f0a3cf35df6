import { describe, expect, it } from "vitest";
import type { ArrivedSnapshot } from "./arrived-snapshot.ts";
import { type ForgettingOptions, planForgetting } from "./plan-forgetting.ts";
import { arrived, moment, own } from "./retain-bench.ts";

const hour = 3_600_000;
const day = 24 * hour;

function plan(
  snapshots: readonly ArrivedSnapshot[],
  options: Partial<ForgettingOptions> = {},
): ReturnType<typeof planForgetting> {
  return planForgetting(snapshots, {
    ...own,
    policy: { last: 1 },
    now: moment(400 * day),
    ...options,
  });
}

function hourly(count: number): readonly ArrivedSnapshot[] {
  return Array.from({ length: count }, (_, index) => arrived(index + 1, index * hour));
}

describe("rules", () => {
  it("says why each is kept", () => {
    const { keep, forget } = plan(hourly(50), { policy: { last: 2, daily: 2 } });
    expect(keep).toEqual([
      {
        id: "s50",
        reasons: [
          { kind: "rule", rule: "last" },
          { kind: "rule", rule: "daily" },
          { kind: "newest" },
        ],
      },
      { id: "s49", reasons: [{ kind: "rule", rule: "last" }] },
      { id: "s48", reasons: [{ kind: "rule", rule: "daily" }] },
    ]);
    expect(forget).toHaveLength(47);
  });

  it("counts weeks by ISO 8601: the first days of a year may be in the last week before", () => {
    // 2026-01-01 is a Thursday: Monday the 29th of December begins its week.
    const days = [-4, -3, 0, 3, 4].map((each, index) => arrived(index + 1, each * day));
    const { keep } = plan(days, { policy: { weekly: 9 } });
    expect(keep.map(({ id }) => id)).toEqual(["s5", "s4", "s1"]);
  });

  it("counts days as they are where people live", () => {
    const [night, morning] = [23 * hour, 25 * hour];
    const at = (utcOffsetMinutes: number): readonly ArrivedSnapshot[] => [
      arrived(1, night, { utcOffsetMinutes }),
      arrived(2, morning, { utcOffsetMinutes }),
    ];
    expect(plan(at(0), { policy: { daily: 9 } }).forget).toEqual([]);
    expect(plan(at(120), { policy: { daily: 9 } }).forget).toEqual(["s1"]);
  });

  it("R2: a span begins at the newest, not now", () => {
    const { keep } = plan(hourly(5), { policy: { withinMs: 2 * hour } });
    expect(keep.map(({ id }) => id)).toEqual(["s5", "s4"]);
  });

  it("keeps everything when there is no rule", () => {
    const { keep, forget } = plan(hourly(3), { policy: { last: 0 } });
    expect(forget).toEqual([]);
    expect(keep[1]).toEqual({ id: "s2", reasons: [{ kind: "no-policy" }] });
  });
});

describe("what is protected", () => {
  it("P1: the last verified one", () => {
    const snapshots = [
      arrived(1, 0, { isVerified: true }),
      arrived(2, hour, { isVerified: true }),
      arrived(3, 2 * hour),
      arrived(4, 3 * hour),
    ];
    const { keep, forget } = plan(snapshots);
    expect(keep[1]).toEqual({ id: "s2", reasons: [{ kind: "last-verified" }] });
    expect(forget).toEqual(["s3", "s1"]);
  });

  it("P2: what others wrote", () => {
    const snapshots = [
      arrived(1, 0, { host: "other" }),
      arrived(2, hour, { paths: ["/home"] }),
      arrived(3, 2 * hour),
      arrived(4, 3 * hour),
    ];
    const { keep, forget } = plan(snapshots);
    expect(forget).toEqual(["s3"]);
    expect(keep.slice(1).map(({ reasons }) => reasons)).toEqual([
      [{ kind: "other-group" }],
      [{ kind: "other-group" }],
    ]);
  });

  it("the order of paths makes no other group", () => {
    const snapshots = [
      arrived(1, 0, { paths: ["/b", "/a"] }),
      arrived(2, hour, { paths: ["/a", "/b"] }),
    ];
    expect(plan(snapshots, { paths: ["/b", "/a"] }).forget).toEqual(["s1"]);
  });

  it("good ones from dates that lie: they are counted as they came", () => {
    const good = hourly(3);
    const thousandYears = 365_000 * day;
    const lies = [0, 1, 2].map((each) =>
      arrived(4 + each, 3 * hour + each, { jumpMs: thousandYears + each * day }),
    );
    expect(plan([...good, ...lies], { policy: { daily: 3 } }).forget).toEqual([]);
  });
});

describe("P3: a freeze", () => {
  const kinds = (snapshots: readonly ArrivedSnapshot[], more: Partial<ForgettingOptions> = {}) => {
    const { freezes, forget } = plan(snapshots, more);
    expect(forget.length === 0).toBe(freezes.length > 0);
    return freezes;
  };

  it("Z1: a clock that jumped and stayed there", () => {
    const snapshots = [...hourly(3), arrived(4, 3 * hour, { jumpMs: day })];
    const now = moment(4 * hour, { jumpMs: day });
    expect(kinds(snapshots, { now })).toEqual([
      { kind: "clock-jumped", after: "s3", before: "s4", jumpMs: day },
    ]);
  });

  it("Z1: a clock that has jumped since the newest one", () => {
    expect(kinds(hourly(3), { now: moment(3 * hour, { jumpMs: -day }) })).toEqual([
      { kind: "clock-jumped", after: "s3", jumpMs: -day },
    ]);
  });

  it("Z1: between boots, a clock that went back", () => {
    const bootId = "second";
    const snapshots = [...hourly(3), arrived(4, 3 * hour, { bootId, jumpMs: -day })];
    const now = moment(4 * hour, { bootId, jumpMs: -day });
    expect(kinds(snapshots, { now })).toHaveLength(1);
    const forward = [...hourly(3), arrived(4, 3 * hour, { bootId, jumpMs: day })];
    expect(kinds(forward, { now: moment(4 * hour, { bootId, jumpMs: day }) })).toEqual([]);
  });

  it("Z2: not for a jump behind the newest one, also when the next one has come", () => {
    const now = moment(4 * hour, { jumpMs: day });
    const accepted = { ...now, sequence: 3 };
    expect(kinds(hourly(3), { now })).toHaveLength(1);
    expect(kinds(hourly(3), { now, accepted })).toEqual([]);
    const next = [...hourly(3), arrived(4, 5 * hour, { jumpMs: day })];
    const later = moment(6 * hour, { jumpMs: day });
    expect(kinds(next, { now: later, accepted })).toEqual([]);
    const again = moment(6 * hour, { jumpMs: 2 * day });
    expect(kinds(next, { now: again, accepted })).toHaveLength(1);
  });

  it("Z4: a suspect run is outlived by three that looked at everything, and holds no place", () => {
    const suspect = arrived(1, 0, { isSuspect: true });
    const good = Array.from({ length: 3 }, (_, index) =>
      arrived(index + 2, (index + 1) * hour, { isComplete: true }),
    );
    const micro = arrived(9, 9 * hour);
    expect(kinds([suspect, ...good.slice(1), micro])).toEqual([{ kind: "suspect-run", id: "s1" }]);
    const again = arrived(5, 5 * hour, { isSuspect: true, isComplete: true });
    expect(kinds([suspect, ...good, again])).toEqual([{ kind: "suspect-run", id: "s5" }]);
    const five = plan([arrived(0, -hour), suspect, ...good], { policy: { last: 5 } });
    expect(five).toMatchObject({ forget: ["s1"], freezes: [] });
    const all = plan([suspect, ...good], { policy: {} });
    expect(all.keep.at(-1)).toEqual({ id: "s1", reasons: [{ kind: "no-policy" }] });
    const verified = arrived(1, 0, { isSuspect: true, isVerified: true });
    expect(plan([verified, ...good], { policy: { last: 9 } }).forget).toEqual([]);
  });

  it("Z2: not for what a person has accepted", () => {
    const snapshots = [...hourly(3), arrived(4, 3 * hour, { jumpMs: day, isSuspect: true })];
    const now = moment(4 * hour, { jumpMs: day });
    expect(kinds(snapshots, { now })).toHaveLength(2);
    expect(kinds(snapshots, { now, accepted: { ...now, sequence: 4 } })).toEqual([]);
    expect(kinds(snapshots, { now, accepted: { ...moment(2 * hour), sequence: 3 } })).toHaveLength(
      2,
    );
  });

  it("Z3: not for a clock that is slewed", () => {
    const snapshots = [arrived(1, 0), arrived(2, 10 * day, { jumpMs: 0.0004 * 10 * day })];
    expect(kinds(snapshots, { now: moment(11 * day, { jumpMs: 0.0004 * 11 * day }) })).toEqual([]);
  });

  it("Z3: for one that is off by more than slewing explains", () => {
    const snapshots = [arrived(1, 0), arrived(2, 10 * day, { jumpMs: 0.0006 * 10 * day })];
    const jumped = { now: moment(11 * day, { jumpMs: 0.0006 * 10 * day }) };
    expect(kinds(snapshots, jumped)).toMatchObject([
      { kind: "clock-jumped", after: "s1", before: "s2" },
    ]);
  });

  it("a suspect run, and what is told", () => {
    const snapshots = [...hourly(3), arrived(4, 3 * hour, { isSuspect: true })];
    expect(kinds(snapshots, { freezes: ["a run read nothing"] })).toEqual([
      { kind: "told", why: "a run read nothing" },
      { kind: "suspect-run", id: "s4" },
    ]);
    const { keep } = plan(snapshots);
    expect(keep[1]).toEqual({ id: "s3", reasons: [{ kind: "frozen" }] });
  });

  it("not for what happened to others", () => {
    expect(kinds([...hourly(3), arrived(4, 0, { host: "other", isSuspect: true })])).toEqual([]);
  });
});

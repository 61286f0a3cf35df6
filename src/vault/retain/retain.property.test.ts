import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ArrivedSnapshot, groupOf, newestFirst } from "./arrived-snapshot.ts";
import type { KeepPolicy } from "./keep-rules.ts";
import { planForgetting } from "./plan-forgetting.ts";
import { planThinning } from "./plan-thinning.ts";
import { arrived, moment, own } from "./retain-bench.ts";

const count = fc.integer({ min: 0, max: 12 });
const policy: fc.Arbitrary<Required<KeepPolicy>> = fc.record({
  last: count,
  hourly: count,
  daily: count,
  weekly: count,
  monthly: count,
  yearly: count,
  withinMs: fc.integer({ min: 0, max: 30 * 86_400_000 }),
});
const shape = fc.record({
  host: fc.constantFrom("box", "box", "box", "other"),
  isVerified: fc.boolean(),
  utcOffsetMinutes: fc.constantFrom(0, 60, -300),
});

/** Gaps of seconds to months, so that every rule has something to do. */
const history: fc.Arbitrary<readonly ArrivedSnapshot[]> = fc
  .array(fc.tuple(fc.double({ min: 0, max: 22, noNaN: true }), shape), { maxLength: 80 })
  .map((steps) => {
    let sinceMs = 0;
    return steps.map(([gap, each], index) => {
      sinceMs += Math.floor(1000 * 2 ** gap);
      return arrived(index + 1, sinceMs, each);
    });
  });

function optionsFor(snapshots: readonly ArrivedSnapshot[], wanted: KeepPolicy) {
  const at = (snapshots.at(-1)?.arrival.uptimeMs ?? 1000) - 1000;
  return { ...own, policy: wanted, now: moment(at) };
}

function without(
  snapshots: readonly ArrivedSnapshot[],
  gone: readonly string[],
): readonly ArrivedSnapshot[] {
  return snapshots.filter(({ id }) => !gone.includes(id));
}

const ownGroup = groupOf(own);

describe("planForgetting", () => {
  it("P1, P2, P5: newest, last verified and others stay; each has its reason", () => {
    fc.assert(
      fc.property(history, policy, (snapshots, wanted) => {
        const { keep, forget } = planForgetting(snapshots, optionsFor(snapshots, wanted));
        const mine = newestFirst(snapshots).filter((each) => groupOf(each) === ownGroup);
        expect(forget).not.toContain(mine[0]?.id);
        expect(forget).not.toContain(mine.find(({ isVerified }) => isVerified)?.id);
        for (const { id, host } of snapshots) {
          if (host === "other") expect(forget).not.toContain(id);
        }
        expect([...keep.map(({ id }) => id), ...forget].toSorted()).toEqual(
          snapshots.map(({ id }) => id).toSorted(),
        );
        for (const { reasons } of keep) expect(reasons.length).toBeGreaterThan(0);
      }),
    );
  });

  it("P4: what is left, planned again, is left again", () => {
    fc.assert(
      fc.property(history, policy, (snapshots, wanted) => {
        const options = optionsFor(snapshots, wanted);
        const { forget } = planForgetting(snapshots, options);
        expect(planForgetting(without(snapshots, forget), options).forget).toEqual([]);
      }),
    );
  });

  it("P4: keeping more never forgets more", () => {
    fc.assert(
      fc.property(history, policy, policy, (snapshots, wanted, more) => {
        fc.pre(Object.values(wanted).some((value) => value > 0));
        const greater = Object.fromEntries(
          Object.entries(wanted).map(([rule, value]) => [
            rule,
            value + more[rule as keyof KeepPolicy],
          ]),
        );
        const { forget } = planForgetting(snapshots, optionsFor(snapshots, wanted));
        const fewer = planForgetting(snapshots, optionsFor(snapshots, greater)).forget;
        expect(forget).toEqual(expect.arrayContaining([...fewer]));
      }),
    );
  });

  it("the order in which snapshots are listed makes no difference", () => {
    fc.assert(
      fc.property(history, policy, (snapshots, wanted) => {
        const options = optionsFor(snapshots, wanted);
        expect(planForgetting(snapshots.toReversed(), options)).toEqual(
          planForgetting(snapshots, options),
        );
      }),
    );
  });

  it("P3: nothing is forgotten behind a jump, whatever its size above the limits", () => {
    const jump = fc.integer({ min: 61_000, max: 10 ** 11 });
    fc.assert(
      fc.property(history, policy, jump, (snapshots, wanted, size) => {
        fc.pre(snapshots.some((each) => groupOf(each) === ownGroup));
        const { sequence, uptimeMs } = snapshots.at(-1)?.arrival ?? { sequence: 0, uptimeMs: 0 };
        // By more than slewing could explain.
        const jumpMs = size + uptimeMs;
        const jumped = arrived(sequence + 1, uptimeMs, { jumpMs });
        const now = moment(uptimeMs, { jumpMs });
        const options = { ...own, policy: wanted, now, jumpMs: 1 };
        const { forget, freezes } = planForgetting([...snapshots, jumped], options);
        expect(forget).toEqual([]);
        expect(freezes.some(({ kind }) => kind === "clock-jumped")).toBe(true);
      }),
    );
  });
});

describe("planThinning", () => {
  const limits = { limit: 20, target: 12 };

  it("T1, T2: no more than the target, unless rules and protection want more", () => {
    fc.assert(
      fc.property(history, policy, (snapshots, wanted) => {
        const options = { ...optionsFor(snapshots, wanted), ...limits };
        const gone = planThinning(snapshots, options).merges.map(({ id }) => id);
        const mine = snapshots.filter((each) => groupOf(each) === ownGroup);
        const left = without(mine, gone);
        if (mine.length <= limits.limit) expect(gone).toEqual([]);
        const { keep, forget } = planForgetting(mine, optionsFor(snapshots, wanted));
        const must = keep.filter(({ reasons }) => reasons.some(({ kind }) => kind !== "no-policy"));
        for (const { id } of must) expect(gone).not.toContain(id);
        if (mine.length > limits.limit) {
          expect(left.length).toBeLessThanOrEqual(Math.max(limits.target, must.length));
        }
        expect(gone.every((id) => forget.includes(id) || keep.some((each) => each.id === id))).toBe(
          true,
        );
        expect(planThinning(left, options).merges).toEqual([]);
      }),
    );
  });

  it("T3: each is merged into the next younger one that stays", () => {
    fc.assert(
      fc.property(history, (snapshots) => {
        const options = { ...optionsFor(snapshots, {}), ...limits };
        const { merges } = planThinning(snapshots, options);
        const gone = new Set(merges.map(({ id }) => id));
        const stays = snapshots.filter((each) => groupOf(each) === ownGroup && !gone.has(each.id));
        for (const { id, into } of merges) {
          const younger = stays.filter(
            ({ arrival }) => arrival.sequence > Number(id.replace("s", "")),
          );
          expect(into).toBe(younger[0]?.id);
        }
      }),
    );
  });
});

import { expect, it } from "vitest";
import { planThinning } from "./plan-thinning.ts";
import { arrived, moment, own } from "./retain-bench.ts";

const second = 1000;
const now = moment(5000 * second);

/** One a second, for more than an hour. */
const micro = Array.from({ length: 5000 }, (_, index) => arrived(index + 1, index * second));

it("leaves a few hundred, the denser the younger", () => {
  const { merges, isOver } = planThinning(micro, { ...own, policy: {}, now });
  const gone = new Set(merges.map(({ id }) => id));
  const stays = micro.filter(({ id }) => !gone.has(id)).map(({ arrival }) => arrival.sequence);
  expect(stays.length).toBeLessThanOrEqual(240);
  expect(stays.length).toBeGreaterThan(60);
  expect(stays.at(-1)).toBe(5000);
  const lastMinute = stays.filter((each) => each > 4940).length;
  const firstMinute = stays.filter((each) => each <= 60).length;
  expect(lastMinute).toBeGreaterThan(5 * Math.max(1, firstMinute));
  expect(isOver).toBe(false);
});

it("says when rules alone keep more than the limit", () => {
  const { isOver, merges } = planThinning(micro, { ...own, policy: { last: 301 }, now });
  expect(isOver).toBe(true);
  expect(merges).toHaveLength(5000 - 301);
  expect(planThinning(micro, { ...own, policy: { last: 300 }, now }).isOver).toBe(false);
});

it("T4: leaves all of them while there is a reason to freeze", () => {
  const plan = planThinning(micro, { ...own, policy: {}, now, freezes: ["a drill failed"] });
  expect(plan).toEqual({
    merges: [],
    isOver: false,
    freezes: [{ kind: "told", why: "a drill failed" }],
  });
});

it("Z4: a suspect one that was outlived stands for nothing", () => {
  const suspects = micro.map((each) => ({ ...each, isSuspect: each.arrival.sequence % 2 === 0 }));
  const good = [1, 2, 3].map((each) =>
    arrived(5000 + each, (5000 + each) * second, { isComplete: true }),
  );
  const all = [...suspects, ...good];
  const later = moment(5004 * second);
  const { freezes, merges } = planThinning(all, { ...own, policy: {}, now: later });
  expect(freezes).toEqual([]);
  const gone = new Set(merges.map(({ id }) => id));
  const stays = all.filter(({ id }) => !gone.has(id));
  expect(stays.length).toBeGreaterThan(60);
  expect(stays.filter(({ isSuspect }) => isSuspect)).toEqual([]);
});

it("T1: leaves no more than the target", () => {
  const left = (target: number): number =>
    5000 - planThinning(micro, { ...own, policy: {}, now, target }).merges.length;
  for (const target of [1, 20, 70, 100, 150, 200, 250]) {
    expect(left(target)).toBeLessThanOrEqual(target);
  }
});

it("T2: leaves the last verified one, and all of other groups", () => {
  const all = [
    ...micro.map((each) => ({ ...each, isVerified: each.arrival.sequence === 17 })),
    ...Array.from({ length: 500 }, (_, index) =>
      arrived(6000 + index, index * second, { host: "other" }),
    ),
  ];
  const { merges } = planThinning(all, { ...own, policy: {}, now, target: 1 });
  const gone = new Set(merges.map(({ id }) => id));
  expect(all.filter(({ host, id }) => host === "box" && !gone.has(id)).map(({ id }) => id)).toEqual(
    ["s17", "s5000"],
  );
  expect(all.filter(({ host, id }) => host === "other" && gone.has(id))).toEqual([]);
});

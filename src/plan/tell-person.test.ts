import { expect, it } from "vitest";
import { chain, db, running } from "./planner-bench.ts";

it("heals what comes back again and again each time, and tells a person each fifth time (E2)", () => {
  const planner = running(`${chain}\nbudgets: { per_resource: 100 }`);
  for (let relapses = 0; relapses <= 10; relapses += 1) {
    const failure = planner.fail(db, "hang", { relapses });
    const healing = planner.plans.at(-1);
    planner.end(healing, "succeeded");
    planner.verdict(failure, healing, true);
    planner.wait(60_000);
  }
  expect(planner.told).toEqual(Array.from({ length: 11 }, () => `restart ${db}`));
  expect(planner.escalations).toEqual([
    "it has come back 5 times, each within 10 m of being healed",
    "it has come back 10 times, each within 10 m of being healed",
  ]);
});

it("tells a person of an incident once, as long as any case of it is open (E1)", () => {
  const planner = running();
  planner.fail(db, "hang", { relapses: 5 });
  planner.fail(db, "check_failed", { relapses: 5 });
  expect(planner.escalations).toHaveLength(1);
});

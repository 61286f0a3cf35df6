import { expect, it } from "vitest";
import type { Plan } from "../model/index.ts";
import { db, running, web } from "./planner-bench.ts";
import { lackingBudget, restoreBudgets, spend } from "./rations.ts";

const step = (resource: Plan["resource"]) => ({
  kind: "start",
  resource,
  parameters: {},
  deadlineMs: 1,
});
const plan: Plan = {
  id: "p",
  strategy: "restart_cause",
  resource: web,
  cause: { kind: "failure", incident: "i", failure: "f" },
  reason: "r",
  steps: [step(db)],
  irreversible: false,
  reverts: false,
};
const ofDb: Plan = { ...plan, resource: db };
const limits =
  "services: { db: { command: node db.js }, web: { command: node web.js } }\nbudgets: ";

it("an action is paid for by all that it touches, and by the fleet once", () => {
  const { state } = running(`${limits} { per_resource: 2, per_fleet: 3, window: 10m }`, db, web);
  spend(state, plan, 1000);
  spend(state, plan, 2000);
  expect(lackingBudget(state, ofDb, 3000)).toEqual({
    reason: `the budget of 2 per 10 m for ${db} is spent`,
    untilMs: 601_000,
  });
  expect(
    lackingBudget(state, { ...ofDb, resource: "instance/c.1", steps: [] }, 3000),
  ).toBeUndefined();
  spend(state, { ...ofDb, resource: "instance/c.1", steps: [] }, 3000);
  expect(
    lackingBudget(state, { ...ofDb, resource: "instance/d.1", steps: [] }, 4000)?.reason,
  ).toContain("the budget of 3 per 10 m for the fleet is spent");
});

it("what was spent before this daemon began still counts, for each of them", () => {
  const { state } = running(`${limits} { per_resource: 1, window: 10m }`, db, web);
  const now = { wallMs: 1_000_000, monotonicMs: 5000 };
  restoreBudgets(state, [{ resource: web, others: [db], at: now.wallMs - 60_000 }], now);
  expect(lackingBudget(state, ofDb, now.monotonicMs)?.untilMs).toBe(5000 + 540_000);
});

import { describe, expect, test } from "vitest";
import type { Action, Entry, Failure, SealedEntry } from "../../model/index.ts";
import { createTally } from "./tally.ts";

const failure: Failure = {
  id: "fail_1",
  at: 0,
  resource: "instance/shop.1",
  type: "hang",
  severity: "high",
  detector: "checks",
  sensor: "liveness",
  reason: "silent",
  evidence: [],
};

function action(status: Action["status"], id = "act_1"): Entry {
  const plan: Action["plan"] = {
    id: "plan_1",
    strategy: "restart",
    resource: "instance/shop.1",
    cause: { kind: "supervision" },
    reason: "",
    steps: [],
    irreversible: false,
    reverts: false,
  };
  return { kind: "action", action: { id, plan, at: 0, status, done: [], begunMs: 0 } };
}

function sealed(...entries: readonly Entry[]): readonly SealedEntry[] {
  return entries.map((entry, index) => {
    return { position: index + 1, id: `jrn_${index}`, at: 0, entry, seal: "" };
  });
}

describe("tally", () => {
  test("a failure that is judged again counts once", () => {
    const tally = createTally();
    const raised: Entry = { kind: "failure_raised", failure };
    tally.take(sealed(raised, raised, { ...raised, failure: { ...failure, id: "fail_2" } }));
    expect([...tally.failures]).toEqual([["hang", 2]]);
  });

  test("an action counts once for each state that matters", () => {
    const tally = createTally();
    tally.take(
      sealed(
        action({ kind: "initiated" }),
        action({ kind: "in_progress", step: 0 }),
        action({ kind: "in_progress", step: 1 }),
        action({ kind: "succeeded", elapsedMs: 5 }),
        action({ kind: "succeeded", elapsedMs: 5 }),
        action({ kind: "initiated" }, "act_2"),
      ),
    );
    expect(tally.actions).toEqual([
      { strategy: "restart", status: "initiated", count: 2 },
      { strategy: "restart", status: "succeeded", count: 1 },
    ]);
  });

  test("recoveries fall into the bucket whose bound they reach", () => {
    const tally = createTally();
    const verdict = (healedAfterMs: number): Entry => {
      const common = { at: 0, failure: "fail_1", healed: true, reason: "" };
      return { kind: "verdict", verdict: { ...common, healedAfterMs } };
    };
    tally.take(sealed(verdict(50), verdict(51), verdict(1_000_000)));
    expect(tally.recovery.counts).toEqual([1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect(tally.recovery.sum).toBeCloseTo(1000.101);
    expect(tally.verdicts).toEqual({ healed: 3, notHealed: 0 });
  });
});

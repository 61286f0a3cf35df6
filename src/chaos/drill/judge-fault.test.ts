import { expect, test } from "vitest";
import { type FaultRecord, judgeFault, judgeRuns, rowOfNone } from "./judge-fault.ts";

const fault = {
  id: "P6",
  title: "crash loop",
  control: false,
  diagnosis: ["crash_loop", "start_failed"],
  healedBy: ["rollback_config"],
  healWithinMs: 10_000,
} as const;

const healed: FaultRecord = {
  fault,
  at: 1_000,
  failures: [
    { at: 1_040, type: "process_exited" },
    { at: 1_900, type: "crash_loop" },
  ],
  strategies: [
    { name: "restart", outcome: "failed" },
    { name: "rollback_config", outcome: "helped" },
  ],
  healing: { kind: "healed", afterMs: 2_500 },
  requests: 100,
  failedRequests: 7,
  damagedWrites: 0,
};

test("healed in time, by the right strategy, with the right diagnosis", () => {
  expect(judgeFault(healed)).toEqual({
    fault: "P6",
    title: "crash loop",
    control: false,
    detectedAfterMs: 900,
    diagnosedAs: ["process_exited", "crash_loop"],
    strategies: healed.strategies,
    healedBy: "rollback_config",
    healedAfterMs: 2_500,
    requests: 100,
    failedRequests: 7,
    damagedWrites: 0,
    verdict: { kind: "healed" },
  });
});

test.each<[string, Partial<FaultRecord>]>([
  ["not healed: 3 requests failed", { healing: { kind: "open", reason: "3 requests failed" } }],
  ["healed after 10001 ms, 10000 ms at most", { healing: { kind: "healed", afterMs: 10_001 } }],
  ["reported hang; right is crash_loop or start_failed", { failures: [{ at: 1, type: "hang" }] }],
  ["reported nothing; right is crash_loop or start_failed", { failures: [] }],
  ["no strategy proved to help", { strategies: [{ name: "restart", outcome: "undone" }] }],
  [
    "healed by restart; meant to by rollback_config",
    { strategies: [{ name: "restart", outcome: "helped" }] },
  ],
  ["1 acknowledged writes lost or wrong", { damagedWrites: 1 }],
  ["the stranger was adopted", { objection: "the stranger was adopted" }],
])("fails: %s", (reason, change) => {
  const { verdict } = judgeFault({ ...healed, ...change });
  expect(verdict).toEqual({ kind: "failed", reasons: [reason] });
});

test("of two instances one may be healed by what was meant to, the other one by more", () => {
  const strategies = [
    { name: "rollback_config", outcome: "helped" },
    { name: "restart", outcome: "helped" },
  ] as const;
  expect(judgeFault({ ...healed, strategies })).toMatchObject({
    healedBy: "rollback_config",
    verdict: { kind: "healed" },
  });
});

test("what had to be taken back before must have been", () => {
  const vain = { ...fault, inVain: ["restart"] };
  const verdictWith = (outcome: "failed" | "undone") => {
    const strategies = [
      { name: "restart", outcome },
      { name: "rollback_config", outcome: "helped" },
    ] as const;
    return judgeFault({ ...healed, fault: vain, strategies }).verdict;
  };
  expect(verdictWith("undone")).toEqual({ kind: "healed" });
  const reasons = ["restart was not tried in vain and taken back"];
  expect(verdictWith("failed")).toEqual({ kind: "failed", reasons });
});

test("a control is quiet, or fails by what was reported and done", () => {
  const control = { ...fault, control: true, diagnosis: [], healedBy: [] };
  const quiet = { ...healed, fault: control, failures: [], strategies: [] };
  expect(judgeFault({ ...quiet, healing: { kind: "unharmed" } }).verdict).toEqual({
    kind: "quiet",
  });
  expect(judgeFault({ ...healed, fault: control }).verdict).toEqual({
    kind: "failed",
    reasons: ["process_exited, crash_loop was reported", "restart, rollback_config was tried"],
  });
});

test("a fault that needs no action heals by itself", () => {
  const passing = { ...fault, diagnosis: [], healedBy: [] };
  const record = { ...healed, fault: passing, failures: [], strategies: [] };
  expect(judgeFault(record)).toMatchObject({ healedBy: "itself", verdict: { kind: "healed" } });
});

test("a damaged write counts for the last fault before it was sent", () => {
  const { damagedWrites: _, ...record } = healed;
  const absent = rowOfNone(fault, { kind: "not here", reason: "no disk" });
  const rows = judgeRuns(
    [
      { kind: "seen", record },
      { kind: "none", row: absent },
      { kind: "seen", record: { ...record, at: 9_000 } },
    ],
    [999, 1_000, 8_999, 9_000],
  );
  expect(rows.map(({ damagedWrites }) => damagedWrites)).toEqual([2, 0, 1]);
  expect(rows[1]).toBe(absent);
  expect(rows[2]?.verdict).toEqual({
    kind: "failed",
    reasons: ["1 acknowledged writes lost or wrong"],
  });
});

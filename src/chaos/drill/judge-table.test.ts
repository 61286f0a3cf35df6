import { expect, test } from "vitest";
import type { DrillRow } from "./drill-row.ts";
import { isPassed, judgeTable } from "./judge-table.ts";

const rows: readonly DrillRow[] = [
  {
    fault: "P1",
    title: "kill -9",
    control: false,
    detectedAfterMs: 4,
    diagnosedAs: ["process_exited"],
    strategies: [{ name: "restart", outcome: "helped" }],
    healedBy: "restart",
    healedAfterMs: 61,
    requests: 1_204,
    failedRequests: 0,
    damagedWrites: 0,
    verdict: { kind: "healed" },
  },
  {
    fault: "L7",
    title: "provider's quota exhausted",
    control: false,
    detectedAfterMs: 2_345,
    diagnosedAs: ["check_failed", "descriptor_exhaustion"],
    strategies: [
      { name: "drain_restart", outcome: "undone" },
      { name: "switch_alternative", outcome: "helped" },
    ],
    healedBy: "switch_alternative",
    healedAfterMs: 12_345,
    requests: 1_204,
    failedRequests: 118,
    damagedWrites: 0,
    verdict: { kind: "failed", reasons: ["healed after 12345 ms, 10000 ms at most"] },
  },
  {
    fault: "N3",
    title: "no connection out",
    control: false,
    detectedAfterMs: 382,
    diagnosedAs: ["check_failed"],
    strategies: [
      { name: "switch_alternative", outcome: "undone", reason: "not healed: it answers 503" },
      { name: "drain_restart", outcome: "helped" },
    ],
    healedBy: "drain_restart",
    healedAfterMs: 2_048,
    requests: 428,
    failedRequests: 9,
    damagedWrites: 0,
    verdict: { kind: "healed" },
  },
  {
    fault: "T4",
    title: "clock jumps back 1 h",
    control: false,
    diagnosedAs: [],
    strategies: [],
    requests: 0,
    failedRequests: 0,
    damagedWrites: 0,
    verdict: { kind: "not here", reason: "the daemon's clock cannot be moved here" },
  },
];

test("the table is at most 120 columns wide, and says everything", () => {
  expect(judgeTable(rows)).toMatchInlineSnapshot(`
    "     fault                 detected  diagnosed as     strategies tried    healed by        healed     requests  verdict
                                  after                                                         after  that failed
    ---  --------------------  --------  ---------------  ------------------  --------------  -------  -----------  --------
    P1   kill -9                   4 ms  process_exited   restart             restart           61 ms   0 of 1,204  healed
    L7   provider's quota         2.3 s  check_failed,    drain_restart (no   switch_          12.3 s       118 of  FAILED
         exhausted                       descriptor_      help, undone),      alternative                    1,204
                                         exhaustion       switch_alternative
    N3   no connection out       382 ms  check_failed     switch_alternative  drain_restart     2.0 s     9 of 428  healed
                                                          (no help, undone),
                                                          drain_restart
    T4   clock jumps back 1 h         -  -                -                   -                     -            -  not here
    ---  --------------------  --------  ---------------  ------------------  --------------  -------  -----------  --------
    L7: healed after 12345 ms, 10000 ms at most
    N3: switch_alternative did not help and was taken back, then drain_restart healed it
    T4: not here: the daemon's clock cannot be moved here
    2 healed, 0 quiet, 1 not here, 1 failed; 127 of 2,836 requests failed
    "
  `);
  for (const line of judgeTable(rows).split("\n")) expect(line.length).toBeLessThanOrEqual(120);
});

test("what did no harm, or none after its end, has no time to be healed in, and says so", () => {
  const { healedAfterMs: _, ...row } = rows[0] as DrillRow;
  expect(judgeTable([row])).toMatch(/restart +no harm +0 of 1,204  healed/);
  expect(judgeTable([{ ...row, failedRequests: 3 }])).toMatch(/restart +at once +3 of 1,204/);
  expect(judgeTable([{ ...row, verdict: { kind: "quiet" } }])).toMatch(/restart +- +0 of 1,204/);
});

test("a wider terminal gives its room to the fault", () => {
  const [, , rule = ""] = judgeTable(rows, { columns: 140 }).split("\n");
  expect(rule.length).toBe(140);
});

test("one row that failed is enough", () => {
  expect(isPassed(rows)).toBe(false);
  expect(isPassed(rows.filter(({ fault }) => fault !== "L7"))).toBe(true);
});

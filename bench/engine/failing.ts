/** What a call costs that fails, and one that an open circuit refuses. */
import type { Figure } from "../rig/figure.ts";
import { type CaseRow, caseRows } from "./run-cases.ts";

const cheaperFailing = {
  times: [
    ["cockatiel failing", 1],
    ["opossum failing", 1],
    ["opossum failing, no timeout, no percentiles", 1],
  ],
} as const;
const cheaperOpen = {
  times: [
    ["cockatiel open", 1],
    ["opossum open", 1],
  ],
} as const;

const rows: readonly CaseRow[] = [
  { name: "failing, 1/1", ...cheaperFailing },
  { name: "failing, adaptive", ...cheaperFailing },
  { name: "failing in shadow" },
  { name: "cockatiel failing" },
  { name: "opossum failing" },
  { name: "opossum failing, no timeout, no percentiles" },
  { name: "open", ...cheaperOpen },
  { name: "isolated", ...cheaperOpen },
  { name: "cockatiel open" },
  { name: "opossum open" },
];

export const failing: Figure = {
  name: "failing",
  title: "calls that fail, and calls that an open circuit refuses",
  run: (bench) => caseRows(bench, rows),
};

/** What a call costs that succeeds: beyond the bare call, and beside the peers. */
import type { Figure } from "../rig/figure.ts";
import { type CaseRow, caseRows } from "./run-cases.ts";

/** Without a listener cockatiel reads no clock, and so tells no durations. */
const breaker = {
  mostNs: 190,
  times: [["cockatiel breaker", 0.9]],
  beside: ["cockatiel breaker, heard"],
} as const;
const eight = {
  beside: ["eight, cockatiel breaker", "eight, cockatiel breaker, heard", "eight, opossum"],
} as const;
const full = {
  mostNs: 350,
  times: [
    ["cockatiel wrap", 1 / 15],
    ["cockatiel wrap, abortOnReturn: false", 1 / 4],
    ["opossum", 1 / 2],
  ],
} as const;

const rows: readonly CaseRow[] = [
  { name: "breaker, 1/1", ...breaker },
  { name: "breaker, adaptive", ...breaker, mostNs: 120 },
  { name: "full, 1/1", ...full },
  { name: "full, adaptive", ...full },
  { name: "as it comes" },
  { name: "mode off", mostNs: 45 },
  { name: "switched off", mostNs: 45 },
  { name: "shadow, 1/1", mostNs: 180 },
  { name: "shadow, adaptive", mostNs: 110 },
  { name: "cockatiel breaker" },
  { name: "cockatiel breaker, heard" },
  { name: "cockatiel wrap" },
  { name: "cockatiel wrap, heard" },
  { name: "cockatiel wrap, abortOnReturn: false" },
  { name: "opossum" },
  { name: "opossum, heard" },
  { name: "eight, breaker, 1/1", ...eight },
  { name: "eight, breaker, adaptive", ...eight },
  { name: "eight, full, 1/1", ...eight },
  { name: "eight, cockatiel breaker" },
  { name: "eight, cockatiel breaker, heard" },
  { name: "eight, opossum" },
  { name: "concurrent, breaker" },
  { name: "concurrent, full" },
  { name: "concurrent, cockatiel breaker" },
  { name: "concurrent, cockatiel wrap" },
  { name: "concurrent, opossum" },
];

export const calls: Figure = {
  name: "calls",
  title: "calls that succeed, extra over a bare await",
  run: (bench) => caseRows(bench, rows),
};

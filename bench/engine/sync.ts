/** What a synchronous call costs: the peers have none. */
import type { Figure } from "../rig/figure.ts";
import { caseRows } from "./run-cases.ts";

export const sync: Figure = {
  name: "sync",
  title: "synchronous calls, extra over the bare call",
  run: (bench) =>
    caseRows(bench, [
      { name: "sync, 1/1", mostNs: 90 },
      { name: "sync, adaptive", mostNs: 90 },
    ]),
};

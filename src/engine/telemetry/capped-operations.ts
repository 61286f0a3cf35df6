/**
 * How many operations are told apart. Names that are made from data (`getUser42`) would otherwise
 * make a series each, here and wherever they are stored.
 *
 * P1. The first `operationsMax` names that were seen keep their series, for good: a counter never
 *     goes down because another name took its place.
 * P2. All others are one operation, `(others)`; its counts are their sums.
 */
import { LogSketch } from "../../statistics/index.ts";
import type { Decisions, OperationReport } from "../operation.ts";

const othersName = "(others)";

export class CappedOperations {
  readonly #operationsMax: number;
  readonly #named = new Set<string>();

  constructor(operationsMax: number) {
    this.#operationsMax = operationsMax;
  }

  cap(reports: Iterable<OperationReport>): readonly OperationReport[] {
    const own: OperationReport[] = [];
    const others: OperationReport[] = [];
    for (const report of reports) (this.#isNamed(report.name) ? own : others).push(report);
    return others.length === 0 ? own : [...own, together(others)];
  }

  #isNamed(name: string): boolean {
    if (this.#named.has(name)) return true;
    if (this.#named.size >= this.#operationsMax) return false;
    this.#named.add(name);
    return true;
  }
}

function together(reports: readonly OperationReport[]): OperationReport {
  const latency = new LogSketch();
  const failures: Record<string, number> = {};
  const decisions: Record<string, Decisions> = {};
  const sum = { calls: 0, succeeded: 0, failed: 0, inFlight: 0, silentErrors: 0 };
  let sampledEvery = 1;
  for (const report of reports) {
    latency.merge(report.latency);
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += report[key];
    for (const [category, count] of Object.entries(report.failures)) {
      failures[category] = (failures[category] ?? 0) + count;
    }
    for (const [kind, { detected, enforced }] of Object.entries(report.decisions)) {
      const before = decisions[kind] ?? { detected: 0, enforced: 0 };
      decisions[kind] = {
        detected: before.detected + detected,
        enforced: before.enforced + enforced,
      };
    }
    sampledEvery = Math.max(sampledEvery, report.sampledEvery);
  }
  return {
    ...sum,
    name: othersName,
    latency,
    failures,
    decisions,
    sampledEvery,
    breaker: undefined,
  };
}

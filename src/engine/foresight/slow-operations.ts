/**
 * Which operations answer more slowly now than somebody has allowed: by the p95 of their calls of
 * the last half to whole minute.
 *
 * L1. Of few calls nothing is said, nor of an operation that is not called any more.
 * L2. Memory is bounded: two looks of each operation that is handed in, and none without a limit.
 */
import { formatDuration } from "../../kernel/index.ts";
import type { OperationReport } from "../operation.ts";
import { figuresBetween, type Look, lookAt } from "./figures.ts";
import type { Prediction } from "./predict-issues.ts";

export interface SlowOperation {
  readonly name: string;
  readonly p95Ms: number;
  readonly limitMs: number;
  readonly calls: number;
  /** For how long it has been so. */
  readonly forMs: number;
  /** The p95 when it was first too slow. */
  readonly firstMs: number;
  readonly looks: number;
}

interface Known {
  readonly name: string;
  older: Look;
  newer: Look;
  slow: (Omit<SlowOperation, "name" | "forMs"> & { readonly sinceMs: number }) | undefined;
}

const windowMs = 30_000;
const callsMin = 20;

export class SlowOperations {
  readonly #known = new Map<string, Known>();

  /** To be called every few seconds. @param limitMs undefined: nothing is too slow */
  look(atMs: number, operations: Iterable<OperationReport>, limitMs: number | undefined): void {
    if (limitMs === undefined) {
      this.#known.clear();
      return;
    }
    const seen = new Set<string>();
    for (const report of operations) {
      seen.add(report.name);
      const look = lookAt(report, atMs);
      const known = this.#known.get(report.name);
      if (known === undefined) {
        const { name } = report;
        // Its calls so far are its first ones: as if somebody had looked before them.
        const older = { ...look, calls: 0, failed: 0, bins: new Map() };
        this.#known.set(name, { name, older, newer: look, slow: undefined });
      }
      judge(this.#known.get(report.name) as Known, look, limitMs);
    }
    for (const name of this.#known.keys()) if (!seen.has(name)) this.#known.delete(name);
  }

  /** The slowest first. */
  slow(nowMs: number): readonly SlowOperation[] {
    const found = [...this.#known.values()].flatMap(({ name, slow }) => {
      if (slow === undefined) return [];
      const { sinceMs, ...rest } = slow;
      return [{ name, ...rest, forMs: nowMs - sinceMs }];
    });
    return found.toSorted((a, b) => b.p95Ms - a.p95Ms);
  }

  /** The same as issues that are there already. */
  issues(nowMs: number): readonly Prediction[] {
    return this.slow(nowMs).map((each) => {
      const { name: subject, p95Ms: value, limitMs: limit, firstMs: first, looks, forMs } = each;
      const evidence = { value, limit, first, looks, forMs };
      return { subject, kind: "slow_responses", inMs: 0, message: wordsFor(each), evidence };
    });
  }
}

function wordsFor({ name, p95Ms, limitMs }: SlowOperation): string {
  const [takes, allowed] = [formatDuration(p95Ms), formatDuration(limitMs)];
  return `${name} answers slowly: 5 of 100 calls take ${takes} or more, and ${allowed} is allowed`;
}

function judge(known: Known, look: Look, limitMs: number): void {
  const { older, newer, slow } = known;
  const figures = figuresBetween(older, look);
  if (look.atMs - newer.atMs >= windowMs) {
    known.older = newer;
    known.newer = look;
  }
  const { p95Ms, timed } = figures;
  // L1.
  if (timed < callsMin || p95Ms <= limitMs) {
    known.slow = undefined;
    return;
  }
  const sinceMs = slow?.sinceMs ?? look.atMs;
  const firstMs = slow?.firstMs ?? p95Ms;
  known.slow = {
    p95Ms,
    limitMs,
    calls: figures.calls,
    sinceMs,
    firstMs,
    looks: (slow?.looks ?? 0) + 1,
  };
}

/**
 * Which operations fail more often now than is allowed: by the calls that ended in the last half to
 * whole minute, whoever is at fault. A circuit opens for the faults of a dependency alone; a
 * mistake of the program that fails each call is seen here.
 *
 * L1. Of few calls or failures nothing is said, nor of an operation that is not called any more.
 * L2. What its callers have left is no failure, and no call.
 * L3. Memory is bounded: two looks of each operation that is handed in.
 */
import type { ErrorCategory } from "../../resilience/index.ts";
import type { OperationReport } from "../operation.ts";
import type { Prediction } from "./predict-issues.ts";

export interface FailingOperation {
  readonly name: string;
  /** Share of the calls, 0 to 1. */
  readonly share: number;
  readonly limit: number;
  readonly calls: number;
  /** Of most of the failures. */
  readonly category: string;
  /** For how long it has been so. */
  readonly forMs: number;
  /** The share when it was first too large. */
  readonly first: number;
  readonly looks: number;
}

type Failures = OperationReport["failures"];

interface Look {
  readonly atMs: number;
  readonly succeeded: number;
  readonly failures: Failures;
}

interface Known {
  older: Look;
  newer: Look;
  failing: (Omit<FailingOperation, "name" | "forMs"> & { readonly sinceMs: number }) | undefined;
}

const windowMs = 30_000;
const callsMin = 20;
const failuresMin = 5;

export class FailingOperations {
  readonly #known = new Map<string, Known>();

  /** To be called every few seconds. @param limit undefined: nothing is looked at */
  look(atMs: number, operations: Iterable<OperationReport>, limit: number | undefined): void {
    const seen = new Set<string>();
    for (const { name, succeeded, failures } of limit === undefined ? [] : operations) {
      seen.add(name);
      const look: Look = { atMs, succeeded, failures: { ...failures } };
      let known = this.#known.get(name);
      if (known === undefined) {
        // Its calls so far are its first ones: as if somebody had looked before them.
        const older = { atMs, succeeded: 0, failures: {} };
        known = { older, newer: look, failing: undefined };
        this.#known.set(name, known);
      }
      judge(known, look, limit as number);
    }
    for (const name of this.#known.keys()) if (!seen.has(name)) this.#known.delete(name);
  }

  /** Those of which most fails first. */
  failing(nowMs: number): readonly FailingOperation[] {
    const found = [...this.#known].flatMap(([name, { failing }]) => {
      if (failing === undefined) return [];
      const { sinceMs, ...rest } = failing;
      return [{ name, ...rest, forMs: nowMs - sinceMs }];
    });
    return found.toSorted((a, b) => b.share - a.share);
  }

  /** The same as issues that are there already. */
  issues(nowMs: number): readonly Prediction[] {
    return this.failing(nowMs).map((each) => {
      const { name: subject, share: value, limit, first, looks, forMs } = each;
      const evidence = { value, limit, first, looks, forMs };
      const message = wordsForFailing(each);
      return { subject, kind: "failing_calls", inMs: 0, message, evidence };
    });
  }
}

/** `shop.get: 100 % of 130 calls failed in the last minute: client_error` */
export function wordsForFailing({ name, share, calls, category }: FailingOperation): string {
  const percent = `${Number((share * 100).toFixed(1))} %`;
  return `${name}: ${percent} of ${calls} calls failed in the last minute: ${category}`;
}

function judge(known: Known, look: Look, limit: number): void {
  const { older, newer, failing } = known;
  if (look.atMs - newer.atMs >= windowMs) {
    known.older = newer;
    known.newer = look;
  }
  const failures = Object.entries(look.failures)
    .map(([category, count]): [string, number] => {
      return [category, count - (older.failures[category as ErrorCategory] ?? 0)];
    })
    // L2.
    .filter(([category, count]) => category !== "cancelled" && count > 0)
    .toSorted((a, b) => b[1] - a[1]);
  const failed = failures.reduce((sum, [, count]) => sum + count, 0);
  const calls = failed + Math.max(0, look.succeeded - older.succeeded);
  const share = calls > 0 ? failed / calls : 0;
  // L1.
  if (calls < callsMin || failed < failuresMin || share <= limit) {
    known.failing = undefined;
    return;
  }
  const [[category] = ["unknown"]] = failures;
  const sinceMs = failing?.sinceMs ?? look.atMs;
  const looks = (failing?.looks ?? 0) + 1;
  const first = failing?.first ?? share;
  known.failing = { share, limit, calls, category, first, looks, sinceMs };
}

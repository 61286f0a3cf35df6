/**
 * Counts what happened since the daemon began, from the entries as they are written: a counter must
 * not fall when old rows are pruned, so it cannot be a query.
 *
 * Y1. A failure that is judged again, and an action that reports the same state again, count once.
 */
import type { Action, Entry, SealedEntry } from "../../model/index.ts";

export interface Tally {
  /** By failure type. */
  readonly failures: ReadonlyMap<string, number>;
  readonly actions: readonly ActionCount[];
  readonly verdicts: { readonly healed: number; readonly notHealed: number };
  readonly recovery: {
    readonly bounds: readonly number[];
    readonly counts: readonly number[];
    readonly sum: number;
  };
  take(entries: readonly SealedEntry[]): void;
}

export interface ActionCount {
  readonly strategy: string;
  readonly status: string;
  readonly count: number;
}

/** Seconds: from a restart in milliseconds to the five minutes that the lowest target allows. */
const bounds: readonly number[] = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const rememberedMax = 10_000;
const counted: ReadonlySet<Action["status"]["kind"]> = new Set([
  "initiated",
  "succeeded",
  "failed",
  "rolled_back",
]);

export function createTally(): Tally {
  const failures = new Map<string, number>();
  const actions = new Map<string, { strategy: string; status: string; count: number }>();
  const verdicts = { healed: 0, notHealed: 0 };
  const recovery = { bounds, counts: Array.from({ length: bounds.length + 1 }, () => 0), sum: 0 };
  const seen = new Set<string>();

  const isNew = (key: string): boolean => {
    if (seen.has(key)) return false;
    seen.add(key);
    const oldest = seen.values().next().value;
    if (seen.size > rememberedMax && oldest !== undefined) seen.delete(oldest);
    return true;
  };

  const count = (entry: Entry): void => {
    if (entry.kind === "failure_raised" && isNew(entry.failure.id)) {
      const { type } = entry.failure;
      failures.set(type, (failures.get(type) ?? 0) + 1);
    } else if (entry.kind === "action") {
      countAction(entry.action);
    } else if (entry.kind === "verdict") {
      verdicts[entry.verdict.healed ? "healed" : "notHealed"] += 1;
      const { healedAfterMs } = entry.verdict;
      if (healedAfterMs !== undefined) observe(healedAfterMs / 1000);
    }
  };

  const countAction = ({ id, plan, status }: Action): void => {
    if (!counted.has(status.kind) || !isNew(`${id} ${status.kind}`)) return;
    const key = `${plan.strategy} ${status.kind}`;
    const known = actions.get(key) ?? { strategy: plan.strategy, status: status.kind, count: 0 };
    known.count += 1;
    actions.set(key, known);
  };

  const observe = (seconds: number): void => {
    const place = bounds.findIndex((bound) => seconds <= bound);
    const bucket = place === -1 ? bounds.length : place;
    recovery.counts[bucket] = (recovery.counts[bucket] ?? 0) + 1;
    recovery.sum += seconds;
  };

  return {
    failures,
    verdicts,
    recovery,
    get actions() {
      return [...actions.values()];
    },
    take(entries) {
      for (const { entry } of entries) count(entry);
    },
  };
}

/**
 * The rules of `keep`, as restic has them: of each hour (day, ISO week, month, year) that has
 * snapshots the last one is kept, for so many of them as the rule says, beginning at the newest.
 *
 * R1. A rule counts hours (days, ...) that have snapshots, not hours that have passed.
 * R2. `within` begins at the newest snapshot, so that a vault that nobody writes into any more
 *     does not empty itself.
 * R3. Each rule decides by itself; what any of them keeps is kept.
 */
import { dateOfDay } from "../../kernel/index.ts";
import type { Arrival, ArrivedSnapshot } from "./arrived-snapshot.ts";

export interface KeepPolicy {
  readonly last?: number;
  readonly hourly?: number;
  readonly daily?: number;
  readonly weekly?: number;
  readonly monthly?: number;
  readonly yearly?: number;
  readonly withinMs?: number;
}

export type CountedRule = Exclude<keyof KeepPolicy, "withinMs">;

export type RuleReason =
  | { readonly kind: "rule"; readonly rule: CountedRule }
  | { readonly kind: "within"; readonly withinMs: number };

/** Numbers of the periods that an arrival is in, counted from 1970 in its local time. */
const periods: Readonly<Record<CountedRule, (arrival: Arrival) => number>> = {
  last: ({ sequence }) => sequence,
  hourly: (arrival) => Math.floor(localMs(arrival) / 3_600_000),
  daily: (arrival) => dayOf(arrival),
  // ISO 8601: a week begins on Monday, and 1970 began on a Thursday.
  weekly: (arrival) => Math.floor((dayOf(arrival) + 3) / 7),
  monthly: (arrival) => monthOf(dayOf(arrival)),
  yearly: (arrival) => Math.floor(monthOf(dayOf(arrival)) / 12),
};

const countedRules = Object.keys(periods) as readonly CountedRule[];

/** @param snapshots the newest first; @returns why each is kept, by id; empty: by no rule */
export function applyRules(
  snapshots: readonly ArrivedSnapshot[],
  policy: KeepPolicy,
): ReadonlyMap<string, readonly RuleReason[]> {
  const reasons = new Map<string, RuleReason[]>(snapshots.map(({ id }) => [id, []]));
  for (const rule of countedRules) {
    let left = policy[rule] ?? 0;
    let period: number | undefined;
    for (const { id, arrival } of snapshots) {
      if (left === 0) break;
      const own = periods[rule](arrival);
      if (own === period) continue;
      period = own;
      left -= 1;
      reasons.get(id)?.push({ kind: "rule", rule });
    }
  }
  const newest = snapshots[0];
  const { withinMs = 0 } = policy;
  if (newest !== undefined && withinMs > 0) {
    for (const { id, arrival } of snapshots) {
      if (arrival.at > newest.arrival.at - withinMs) {
        reasons.get(id)?.push({ kind: "within", withinMs });
      }
    }
  }
  return reasons;
}

/** A policy without any rule keeps everything: nobody means "nothing" by leaving it out. */
export function hasRules(policy: KeepPolicy): boolean {
  return Object.values(policy).some((value) => value > 0);
}

function localMs({ at, utcOffsetMinutes }: Arrival): number {
  return at + utcOffsetMinutes * 60_000;
}

function dayOf(arrival: Arrival): number {
  return Math.floor(localMs(arrival) / 86_400_000);
}

/** Months since January 1970. */
function monthOf(dayNumber: number): number {
  const { month, year } = dateOfDay(dayNumber);
  return (year - 1970) * 12 + month - 1;
}

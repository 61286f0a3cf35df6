/**
 * The rules of `keep`, as restic has them: of each hour (day, ISO week, month, year) that has
 * snapshots the last one is kept, for so many of them as the rule says, beginning at the newest.
 *
 * R1. A rule counts hours (days, ...) that have snapshots, not hours that have passed.
 * R2. `within` begins at the newest snapshot, so that a vault that nobody writes into any more
 *     does not empty itself.
 * R3. Each rule decides by itself; what any of them keeps is kept.
 */
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

const periods: Readonly<Record<CountedRule, (arrival: Arrival) => number | string>> = {
  last: ({ sequence }) => sequence,
  hourly: (arrival) => local(arrival).toISOString().slice(0, 13),
  daily: (arrival) => local(arrival).toISOString().slice(0, 10),
  weekly: (arrival) => weekOf(local(arrival)),
  monthly: (arrival) => local(arrival).toISOString().slice(0, 7),
  yearly: (arrival) => local(arrival).getUTCFullYear(),
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
    let period: number | string | undefined;
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

/** A date whose UTC parts are the parts of the local time. */
function local({ at, utcOffsetMinutes }: Arrival): Date {
  return new Date(at + utcOffsetMinutes * 60_000);
}

/** ISO 8601: a week begins on Monday and belongs to the year that its Thursday is in. */
function weekOf(date: Date): string {
  const day = 86_400_000;
  const monday = (date.getUTCDay() + 6) % 7;
  const thursday = new Date(date.getTime() + (3 - monday) * day);
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * day)) + 1;
  return `${year}-${week}`;
}

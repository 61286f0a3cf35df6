/**
 * Snapshots that watching makes, one a change, are too many for every tool that lists them: behind
 * a few hundred all of them become slow. Between two runs of `keep` they are thinned out: what is
 * left stands the denser the younger it is, and a change of today can still be told by the second
 * when one of last month can be told by the hour.
 *
 * T1. With no more than `limit` snapshots nothing is thinned; otherwise what is left is no more
 *     than `target`, or what must stay is more than that, and `isOver` says so.
 * T2. What a rule of `keep` keeps, or `planForgetting` protects, stays; so does every other group.
 * T3. A snapshot that goes is merged into a younger one, which holds all that was changed since.
 * T4. A freeze holds here as well.
 */
import { type ArrivedSnapshot, groupOf, newestFirst } from "./arrived-snapshot.ts";
import { type Freeze, outlivedOf } from "./freeze.ts";
import { applyRules } from "./keep-rules.ts";
import {
  type ForgettingOptions,
  freezesFor,
  protections,
  withoutThese,
} from "./plan-forgetting.ts";

export interface Merge {
  readonly id: string;
  /** The next younger one that stays. */
  readonly into: string;
}

export interface ThinningPlan {
  /** The newest first. */
  readonly merges: readonly Merge[];
  /** What must stay is more than `limit`. */
  readonly isOver: boolean;
  readonly freezes: readonly Freeze[];
}

export interface ThinningOptions extends ForgettingOptions {
  /** Of the group; default 300. */
  readonly limit?: number;
  /** So many are left, so that not every further snapshot is a reason to thin; default 240. */
  readonly target?: number;
}

/** The finest resolution; it doubles until enough has gone. */
const finestMs = 1000;
/** So often, one slot is all of the time since 1970. */
const doublings = 42;
const slotsPerOctave = 16;

export function planThinning(
  snapshots: readonly ArrivedSnapshot[],
  options: ThinningOptions,
): ThinningPlan {
  const { policy, host, paths, limit = 300, target = Math.min(240, limit) } = options;
  const group = groupOf({ host, paths });
  const own = newestFirst(snapshots.filter((each) => groupOf(each) === group));
  const newest = own[0];
  if (newest === undefined || own.length <= limit)
    return { merges: [], isOver: false, freezes: [] };
  const outlived = outlivedOf(own, options.accepted);
  const byRules = applyRules(withoutThese(own, outlived), policy);
  const protectedBy = protections(own);
  const mustStay = ({ id }: ArrivedSnapshot): boolean =>
    protectedBy.has(id) || (byRules.get(id)?.length ?? 0) > 0;
  const isOver = own.filter(mustStay).length > limit;
  const freezes = freezesFor(own, options);
  if (freezes.length > 0) return { merges: [], isOver, freezes };
  let stays = new Set<string>();
  for (let doubling = 0; doubling <= doublings; doubling += 1) {
    stays = survivors(own, { mustStay, outlived, resolutionMs: finestMs * 2 ** doubling });
    if (stays.size <= target) break;
  }
  return { merges: mergesOf(own, stays), isOver, freezes };
}

interface Slots {
  readonly mustStay: (snapshot: ArrivedSnapshot) => boolean;
  /** They stand for no slot. */
  readonly outlived: ReadonlySet<string>;
  readonly resolutionMs: number;
}

/** What must stay, and the newest of each slot; slots grow with their age. */
function survivors(
  own: readonly ArrivedSnapshot[],
  { mustStay, outlived, resolutionMs }: Slots,
): Set<string> {
  const newestAt = own[0]?.arrival.at ?? 0;
  const stays = new Set<string>();
  let taken = -1;
  for (const snapshot of own) {
    if (outlived.has(snapshot.id) && !mustStay(snapshot)) continue;
    const ageMs = Math.max(0, newestAt - snapshot.arrival.at);
    const slot = Math.floor(slotsPerOctave * Math.log2(1 + ageMs / resolutionMs));
    if (slot <= taken && !mustStay(snapshot)) continue;
    taken = Math.max(taken, slot);
    stays.add(snapshot.id);
  }
  return stays;
}

function mergesOf(own: readonly ArrivedSnapshot[], stays: ReadonlySet<string>): readonly Merge[] {
  const merges: Merge[] = [];
  let into = own[0]?.id ?? "";
  for (const { id } of own) {
    if (stays.has(id)) into = id;
    else merges.push({ id, into });
  }
  return merges;
}

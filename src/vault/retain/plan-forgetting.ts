/**
 * Which snapshots a vault keeps. Snapshots are counted by their arrival: by when they came, not by
 * the time that they say of themselves, so that nobody pushes good ones out with dates of his own.
 *
 * P1. The newest snapshot of a group is never forgotten, and the last verified one neither.
 * P2. Only the group that was named is thinned out; what others wrote here is left alone.
 * P3. While there is a reason to freeze, nothing at all is forgotten.
 * P4. Keeping more never forgets more; and what is left, planned again, is left again.
 * P5. Each snapshot gets its reasons, kept or not.
 */
import { type ArrivedSnapshot, groupOf, type Moment, newestFirst } from "./arrived-snapshot.ts";
import { type Acceptance, type Freeze, freezesOf, outlivedOf } from "./freeze.ts";
import { applyRules, hasRules, type KeepPolicy, type RuleReason } from "./keep-rules.ts";

export type KeepReason =
  | RuleReason
  | { readonly kind: "newest" }
  | { readonly kind: "last-verified" }
  | { readonly kind: "other-group" }
  | { readonly kind: "no-policy" }
  /** It would be forgotten by now; `freezes` of the plan say why it is not. */
  | { readonly kind: "frozen" };

export interface KeptSnapshot {
  readonly id: string;
  /** At least one. */
  readonly reasons: readonly KeepReason[];
}

export interface ForgettingPlan {
  /** The newest first. */
  readonly keep: readonly KeptSnapshot[];
  /** Ids, the newest first; each has one reason: no rule keeps it. */
  readonly forget: readonly string[];
  readonly freezes: readonly Freeze[];
}

export interface ForgettingOptions {
  readonly policy: KeepPolicy;
  readonly host: string;
  readonly paths: readonly string[];
  readonly now: Moment;
  /** Reasons to forget nothing that are known from elsewhere, as sentences. */
  readonly freezes?: readonly string[];
  /** Of jumps and suspect runs; default none. */
  readonly accepted?: Acceptance | undefined;
  /** Default 60,000. */
  readonly jumpMs?: number;
}

export function planForgetting(
  snapshots: readonly ArrivedSnapshot[],
  options: ForgettingOptions,
): ForgettingPlan {
  const { policy, host, paths } = options;
  const group = groupOf({ host, paths });
  const ordered = newestFirst(snapshots);
  const own = ordered.filter((each) => groupOf(each) === group);
  const outlived = outlivedOf(own, options.accepted);
  const byRules = applyRules(withoutThese(own, outlived), policy);
  const protectedBy = protections(own);
  const isOpen = !hasRules(policy);
  const freezes = freezesFor(own, options);
  const keep: KeptSnapshot[] = [];
  const forget: string[] = [];
  for (const { id } of ordered) {
    const rules = byRules.get(id);
    const reasons: KeepReason[] = [...(rules ?? []), ...(protectedBy.get(id) ?? [])];
    const isOwn = rules !== undefined || outlived.has(id);
    if (!isOwn) reasons.push({ kind: "other-group" });
    else if (isOpen) reasons.push({ kind: "no-policy" });
    if (reasons.length === 0 && freezes.length > 0) reasons.push({ kind: "frozen" });
    if (reasons.length === 0) forget.push(id);
    else keep.push({ id, reasons });
  }
  return { keep, forget, freezes };
}

export function freezesFor(
  own: readonly ArrivedSnapshot[],
  { now, freezes = [], accepted, jumpMs = 60_000 }: ForgettingOptions,
): readonly Freeze[] {
  return freezesOf({ snapshots: own, now, told: freezes, accepted, jumpMs });
}

export function withoutThese(
  snapshots: readonly ArrivedSnapshot[],
  ids: ReadonlySet<string>,
): readonly ArrivedSnapshot[] {
  return snapshots.filter(({ id }) => !ids.has(id));
}

/** @param own the newest first */
export function protections(
  own: readonly ArrivedSnapshot[],
): ReadonlyMap<string, readonly KeepReason[]> {
  const found = new Map<string, KeepReason[]>();
  const add = (id: string | undefined, reason: KeepReason): void => {
    if (id !== undefined) found.set(id, [...(found.get(id) ?? []), reason]);
  };
  add(own[0]?.id, { kind: "newest" });
  add(own.find(({ isVerified }) => isVerified)?.id, { kind: "last-verified" });
  return found;
}

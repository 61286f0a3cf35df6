/**
 * Forgets the snapshots that no rule keeps, and thins out those of watching when they become too
 * many. What they needed is still there afterwards; `prune` gives the room back.
 *
 * F1. What is forgotten is a tombstone first, then gone from each place, so that whoever dies in
 *     between goes on where he was, and no place brings it back to another.
 * F2. Places that only append keep what they have; it stays forgotten all the same.
 * F3. What cannot be read is not forgotten.
 * F4. A dry run changes nothing but the record of arrivals.
 * F5. What a person accepted once stays accepted, for whoever forgets later; and no doubt is
 *     overlooked.
 */
import type { RawPath } from "../raw-path.ts";
import type { Place } from "../repository/place.ts";
import { atEach } from "../repository/place.ts";
import type { Session } from "../repository/session.ts";
import { gatherSnapshots } from "../repository/snapshots.ts";
import type { Arrival } from "../retain/arrived-snapshot.ts";
import { type ForgettingPlan, planForgetting } from "../retain/plan-forgetting.ts";
import { planThinning, type ThinningOptions, type ThinningPlan } from "../retain/plan-thinning.ts";
import type { Arrivals } from "../state/arrivals.ts";
import type { Doubts } from "../state/doubts.ts";
import type { Tombstones } from "../state/tombstones.ts";
import { removeForgotten } from "./remove-forgotten.ts";

export interface ForgetOptions extends Omit<ThinningOptions, "accepted" | "freezes" | "now"> {
  readonly now: Omit<Arrival, "sequence">;
  readonly tombstones: Tombstones;
  readonly arrivals: Arrivals;
  readonly doubts: Doubts;
  /** What else makes a person look first, a sentence each; default none. */
  readonly troubles?: readonly string[];
  /** A person wants all that came so far (F5). */
  readonly isAccepted?: boolean;
  /** The rules decide nothing but what stays in any case: between two runs of them. */
  readonly thinsOnly?: boolean;
  readonly isDryRun?: boolean;
}

export interface ForgetOutcome {
  /** Each snapshot with the reasons to keep it, and what is not kept. */
  readonly plan: ForgettingPlan;
  /** Of what the rules keep, what is merged into younger ones all the same. */
  readonly thinning: ThinningPlan;
  /** Ids of all that are forgotten by this run. */
  readonly forgotten: readonly string[];
  /** Files that went, at all places together; 0 in a dry run. */
  readonly removedFiles: number;
}

/**
 * @param session exclusive
 * @throws SoulMirrorError CONFLICT when there are too many tombstones
 */
export async function forget(session: Session, options: ForgetOptions): Promise<ForgetOutcome> {
  const { arrivals, isDryRun = false, now, thinsOnly = false, tombstones } = options;
  const { snapshots } = await gatherSnapshots(session);
  const known = snapshots.filter(({ id }) => !tombstones.has(id));
  const arrived = await arrivals.see(known, now);
  const rules = await rulesOf(options);
  const planned = planForgetting(arrived, rules);
  const plan = thinsOnly ? { ...planned, forget: [] } : planned;
  const going = new Set(plan.forget);
  const left = arrived.filter(({ id }) => !going.has(id));
  const thinning = planThinning(left, rules);
  const forgotten = [...plan.forget, ...thinning.merges.map(({ id }) => id)];
  if (isDryRun) return { plan, thinning, forgotten, removedFiles: 0 };
  await tombstones.add(forgotten);
  const { places } = session.vault;
  const removedFiles = await removeForgotten(session, {
    places: places.filter(({ location }) => !location.traits.isAppendOnly),
    isForgotten: (id) => tombstones.has(id),
  });
  await dropConfirmed(session, tombstones);
  return { plan, thinning, forgotten, removedFiles };
}

/** F5 */
async function rulesOf(options: ForgetOptions): Promise<ThinningOptions> {
  const { arrivals, doubts, isAccepted = false, isDryRun = false, now, ...others } = options;
  const { troubles = [], ...rules } = others;
  if (!isAccepted) {
    const freezes = [...doubts.told, ...troubles];
    return { ...rules, now, accepted: arrivals.accepted, freezes };
  }
  if (!isDryRun) {
    await arrivals.accept(now);
    await doubts.accept("/" as RawPath);
  }
  return { ...rules, now, accepted: { ...now, sequence: Number.MAX_SAFE_INTEGER } };
}

/** A tombstone that every place confirms has done its work. */
async function dropConfirmed({ signal, vault }: Session, tombstones: Tombstones): Promise<void> {
  if (tombstones.size === 0) return;
  const listed = new Set<string>();
  const look = async ({ location }: Place): Promise<void> => {
    for await (const { id } of location.list("snapshot", signal)) listed.add(id);
  };
  await atEach(vault.places, look, signal);
  if (vault.places.every((place) => place.takesPart)) await tombstones.keepOnly(listed);
}

/**
 * When nothing may be forgotten. Forgetting is the one thing that a vault cannot take back, and it
 * is decided by clocks and by what runs report of themselves: when either is in doubt, it waits
 * for a person.
 *
 * Z1. A clock that jumped between two arrivals of one boot shows: wall time and uptime went on by
 *     different amounts. Between boots only a clock that went back shows.
 * Z2. What a person has accepted, up to a sequence and a moment, is no reason any more.
 * Z3. Slewing is no jump: a clock may be wrong by half a part in a thousand of the time between.
 * Z4. A suspect run is outlived when three of its group came behind it that looked at everything
 *     and were well, the first of which read everything anew: what it may have missed is known, and
 *     held by them. It stands for no hour or day then, so it pushes no good one out. One that sees
 *     too little for the same cause again and again is never outlived.
 */
import { type ArrivedSnapshot, groupOf, type Moment, newestFirst } from "./arrived-snapshot.ts";

export type Freeze =
  | {
      readonly kind: "clock-jumped";
      /** Ids of the snapshots before and behind the jump; without the second: after all of them. */
      readonly after: string;
      readonly before?: string;
      /** Positive: forward. */
      readonly jumpMs: number;
    }
  | { readonly kind: "suspect-run"; readonly id: string }
  /** Known to whoever asks: a sensor saw a jump, a run is suspect and wrote nothing. */
  | { readonly kind: "told"; readonly why: string };

/** All that came up to it is as a person wants it. */
export interface Acceptance extends Moment {
  readonly sequence: number;
}

export interface FreezeEvidence {
  readonly snapshots: readonly ArrivedSnapshot[];
  readonly now: Moment;
  readonly told: readonly string[];
  readonly accepted: Acceptance | undefined;
  /** A smaller step is no jump. */
  readonly jumpMs: number;
}

const slewShare = 0.0005;
/** The one that read everything anew, and two more. */
const outlivedBy = 3;

export function freezesOf(evidence: FreezeEvidence): readonly Freeze[] {
  const { snapshots, now, told, accepted, jumpMs } = evidence;
  const isAccepted = ({ arrival }: ArrivedSnapshot): boolean =>
    accepted !== undefined && arrival.sequence <= accepted.sequence;
  const outlived = outlivedOf(snapshots, accepted);
  const found: Freeze[] = told.map((why) => ({ kind: "told", why }));
  const ordered = newestFirst(snapshots).toReversed();
  for (const [index, each] of ordered.entries()) {
    const { id } = each;
    const isSuspect = each.isSuspect && !isAccepted(each) && !outlived.has(id);
    if (isSuspect) found.push({ kind: "suspect-run", id });
    const next = ordered[index + 1];
    if (next !== undefined && isAccepted(next)) continue;
    const since = accepted !== undefined && isAccepted(each) ? accepted : each.arrival;
    const step = stepBetween(since, next?.arrival ?? now, jumpMs);
    if (step === 0) continue;
    const before = next === undefined ? {} : { before: next.id };
    found.push({ kind: "clock-jumped", after: id, ...before, jumpMs: step });
  }
  return found;
}

/** Ids of suspect ones that nobody has accepted, and that are no reason any more (Z4). */
export function outlivedOf(
  snapshots: readonly ArrivedSnapshot[],
  accepted: Acceptance | undefined,
): ReadonlySet<string> {
  const outlived = new Set<string>();
  const good = new Map<string, number>();
  for (const each of newestFirst(snapshots)) {
    const group = groupOf(each);
    const behind = good.get(group) ?? 0;
    const isAccepted = each.arrival.sequence <= (accepted?.sequence ?? 0);
    if (!each.isSuspect) good.set(group, behind + (each.isComplete ? 1 : 0));
    else if (!isAccepted && behind >= outlivedBy) outlived.add(each.id);
  }
  return outlived;
}

/** By how much the wall clock was moved between two moments; 0: as far as can be told, not. */
function stepBetween(earlier: Moment, later: Moment, jumpMs: number): number {
  const passedMs = later.at - earlier.at;
  const isOneBoot = earlier.bootId === later.bootId;
  const elapsedMs = isOneBoot ? later.uptimeMs - earlier.uptimeMs : 0;
  const step = isOneBoot ? passedMs - elapsedMs : Math.min(0, passedMs);
  return Math.abs(step) > jumpMs + elapsedMs * slewShare ? step : 0;
}

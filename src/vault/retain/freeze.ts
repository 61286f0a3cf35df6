/**
 * When nothing may be forgotten. Forgetting is the one thing that a vault cannot take back, and it
 * is decided by clocks and by what runs report of themselves: when either is in doubt, it waits
 * for a person.
 *
 * Z1. A clock that jumped between two arrivals of one boot shows: wall time and uptime went on by
 *     different amounts. Between boots only a clock that went back shows.
 * Z2. What a person has accepted, up to a sequence, is no reason any more.
 * Z3. Slewing is no jump: a clock may be wrong by half a part in a thousand of the time between.
 */
import { type ArrivedSnapshot, type Moment, newestFirst } from "./arrived-snapshot.ts";

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

export interface FreezeEvidence {
  readonly snapshots: readonly ArrivedSnapshot[];
  readonly now: Moment;
  readonly told: readonly string[];
  /** All that arrived up to it is as a person wants it. */
  readonly acceptedSequence: number;
  /** A smaller step is no jump. */
  readonly jumpMs: number;
}

const slewShare = 0.0005;

export function freezesOf(evidence: FreezeEvidence): readonly Freeze[] {
  const { snapshots, now, told, acceptedSequence, jumpMs } = evidence;
  const found: Freeze[] = told.map((why) => ({ kind: "told", why }));
  const ordered = newestFirst(snapshots).toReversed();
  for (const [index, { id, arrival, isSuspect }] of ordered.entries()) {
    if (isSuspect && arrival.sequence > acceptedSequence) found.push({ kind: "suspect-run", id });
    const next = ordered[index + 1];
    if (next !== undefined && next.arrival.sequence <= acceptedSequence) continue;
    const step = stepBetween(arrival, next?.arrival ?? now, jumpMs);
    if (step === 0) continue;
    const before = next === undefined ? {} : { before: next.id };
    found.push({ kind: "clock-jumped", after: id, ...before, jumpMs: step });
  }
  return found;
}

/** By how much the wall clock was moved between two moments; 0: as far as can be told, not. */
function stepBetween(earlier: Moment, later: Moment, jumpMs: number): number {
  const passedMs = later.at - earlier.at;
  const isOneBoot = earlier.bootId === later.bootId;
  const elapsedMs = isOneBoot ? later.uptimeMs - earlier.uptimeMs : 0;
  const step = isOneBoot ? passedMs - elapsedMs : Math.min(0, passedMs);
  return Math.abs(step) > jumpMs + elapsedMs * slewShare ? step : 0;
}

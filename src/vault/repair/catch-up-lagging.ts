/**
 * Before a backup: locations that lag a little are caught up, so that they take part. One that lags
 * a lot, or is not whole, is left out with the reason: it would have everything stored again
 * everywhere, and a change would wait for it. `heal` catches it up.
 */
import { takeSurvey } from "../check/survey.ts";
import type { Session } from "../repository/session.ts";
import type { HeldSnapshot } from "../repository/snapshots.ts";
import { catchUp } from "./catch-up.ts";
import { type Pace, type Repair, RepairWork, unhurried } from "./repair-work.ts";

export interface LaggingOptions {
  /** The union, as `listSnapshots` gives it: who lags is told by it at no cost. */
  readonly snapshots: readonly HeldSnapshot[];
  /** Snapshots that somebody has forgotten: they are brought to nobody. Default none. */
  readonly isForgotten?: (id: string) => boolean;
  /** For each location. Default 64 MiB. */
  readonly mostBytes?: number;
  readonly pace?: Pace;
}

const defaultMostBytes = 64 << 20;

export async function catchUpLagging(
  session: Session,
  options: LaggingOptions,
): Promise<readonly Repair[]> {
  const { isForgotten = () => false, mostBytes = defaultMostBytes, pace = unhurried } = options;
  const snapshots = options.snapshots.filter(({ id }) => !isForgotten(id));
  const { loader, places } = session.vault;
  const lagging = places.filter(({ bit, takesPart }) => {
    return takesPart && snapshots.some(({ locations }) => (locations & bit) === 0);
  });
  if (lagging.length === 0) return [];
  const work = new RepairWork(session, pace);
  const survey = await takeSurvey(session);
  for (const place of lagging) {
    const target = survey.places.find((seen) => seen.place === place);
    if (target === undefined) continue;
    const { reason } = await catchUp(work, { survey, target, mostBytes, isForgotten });
    if (reason === "") await loader.refresh(place, session.signal);
    else place.leaveOut(new Error(`it lags behind: ${reason}`));
  }
  return work.repairs;
}

/**
 * The drill of a vault: the location whose turn it is restores the snapshot; when it cannot, the
 * next one has to, so that a day ends with a proven recovery point wherever there is one.
 *
 * D7. Each location is asked at most once, and only those that hold the snapshot. Of one that goes
 *     away in the middle nothing is said: that it does not answer is no proof of what it holds.
 * D8. That the source differs is no fault of a location: the next one would say the same.
 */
import { SoulMirrorError } from "../../kernel/index.ts";
import { LocationFault } from "../location.ts";
import type { Place } from "../repository/place.ts";
import type { Session } from "../repository/session.ts";
import { type DrillOptions, type DrillOutcome, drillAt } from "./drill-at.ts";
import { orderPlaces } from "./order-places.ts";

export interface DrillPlan extends DrillOptions {
  /** Wall time of the last drill by the name of the location. */
  readonly drilledAt: ReadonlyMap<string, number>;
  /** What there is to say of a location is told before the next one is asked. */
  readonly onOutcome: (outcome: DrillOutcome) => Promise<void>;
}

/**
 * @returns of each location that was asked; the last one is what counts
 * @throws SoulMirrorError LOCATION_FAILED when no location that can be reached holds the snapshot
 */
export async function drill(session: Session, plan: DrillPlan): Promise<readonly DrillOutcome[]> {
  const { drilledAt, onOutcome, snapshot } = plan;
  const holding = session.vault.places.filter(
    ({ bit, takesPart }) => takesPart && (bit & snapshot.locations) !== 0,
  );
  if (holding.length === 0) {
    const message = `no location that can be reached holds the snapshot ${snapshot.id}`;
    throw new SoulMirrorError("LOCATION_FAILED", message);
  }
  const outcomes: DrillOutcome[] = [];
  for (const place of orderPlaces(holding, drilledAt)) {
    const outcome = await unlessAway(place, drillAt(session, place, plan));
    if (outcome === undefined) continue;
    outcomes.push(outcome);
    await onOutcome(outcome);
    if (outcome.findings.every(({ kind }) => kind === "source-differs")) break;
  }
  if (outcomes.length === 0) throw new SoulMirrorError("LOCATION_FAILED", troublesOf(holding));
  return outcomes;
}

async function unlessAway(
  place: Place,
  drilling: Promise<DrillOutcome>,
): Promise<DrillOutcome | undefined> {
  try {
    return await drilling;
  } catch (error) {
    if (!(error instanceof LocationFault)) throw error;
    place.leaveOut(error);
    return undefined;
  }
}

function troublesOf(places: readonly Place[]): string {
  return places.flatMap(({ trouble }) => trouble?.message ?? []).join("; ");
}

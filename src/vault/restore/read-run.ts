/**
 * The bytes of a run, from the nearest location that gives them.
 *
 * R1. A location that is away is not asked again before the work is over (`Place`, P1).
 * R2. What a location lacks or cannot read is told as damage, and the next one is asked.
 */
import { LocationFault } from "../location.ts";
import type { Place } from "../repository/place.ts";
import type { Session } from "../repository/session.ts";
import type { Run } from "./plan-runs.ts";

export interface ReadRun {
  readonly bytes: Uint8Array;
  readonly place: Place;
}

/** Undefined when no location gives it. */
export async function readRun(
  { signal, vault }: Session,
  { length, locations, offset, pack }: Run,
): Promise<ReadRun | undefined> {
  const file = { kind: "pack", id: pack } as const;
  for (const place of vault.places) {
    if ((place.bit & locations) === 0 || !place.takesPart) continue;
    try {
      return { bytes: await place.location.get(file, signal, { offset, length }), place };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof LocationFault)) throw error;
      if (error.isOfFile) {
        vault.reader.tell({ location: place.name, ...file, reason: error.message });
      } else place.leaveOut(error);
    }
  }
  return undefined;
}

/** Takes snapshots that were forgotten away from places that still list them. */
import { atEach, type Place } from "../repository/place.ts";
import type { Session } from "../repository/session.ts";

export interface RemoveForgottenOptions {
  /** None that only appends. */
  readonly places: readonly Place[];
  readonly isForgotten: (id: string) => boolean;
}

/** @returns how many files went, at all places together */
export async function removeForgotten(
  { signal }: Session,
  { isForgotten, places }: RemoveForgottenOptions,
): Promise<number> {
  let count = 0;
  const remove = async ({ location }: Place): Promise<void> => {
    const going: string[] = [];
    for await (const { id } of location.list("snapshot", signal)) {
      if (isForgotten(id)) going.push(id);
    }
    for (const id of going) {
      await location.remove({ kind: "snapshot", id }, signal);
      count += 1;
    }
  };
  await atEach(places, remove, signal);
  return count;
}

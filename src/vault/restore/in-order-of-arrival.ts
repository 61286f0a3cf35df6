/**
 * Snapshots in the order in which they came, for who asks for the latest one or the one before. A
 * snapshot says of itself when it was made, by a clock that may have been wrong then.
 *
 * O1. Of one machine and the same paths, a snapshot is no later than one that came after it.
 * O2. Of those whose coming nobody recorded nothing is known but what they say; they came after all
 *     that were recorded.
 * O3. A snapshot that was copied or written anew says when the first one was made, and comes later:
 *     it pulls nothing behind itself.
 */
import type { StoredSnapshot } from "../format/snapshot-json.ts";
import { byTimeAndId } from "../repository/snapshots.ts";
import { groupOf } from "../retain/arrived-snapshot.ts";

/** @param sequenceOf as arrivals count; undefined: not recorded */
export function inOrderOfArrival<S extends StoredSnapshot>(
  snapshots: readonly S[],
  sequenceOf: (id: string) => number | undefined,
): readonly S[] {
  const arrived = snapshots.map((snapshot) => ({
    ...snapshot,
    snapshot,
    sequence: sequenceOf(snapshot.id) ?? Number.POSITIVE_INFINITY,
  }));
  const groups = Map.groupBy(arrived, ({ hostname, paths }) => groupOf({ host: hostname, paths }));
  const placed = [...groups.values()].flatMap((group) => {
    let noLaterNs: bigint | undefined;
    const newestFirst = group.toSorted(
      (left, right) => compare(right.sequence, left.sequence) || byTimeAndId(right, left),
    );
    return newestFirst.map((each) => {
      const isLater = noLaterNs !== undefined && each.timeNs > noLaterNs;
      const timeNs = isLater ? (noLaterNs as bigint) : each.timeNs;
      if (each.original === "") noLaterNs = timeNs;
      return { ...each, timeNs };
    });
  });
  return placed
    .toSorted(
      (left, right) =>
        compare(left.timeNs, right.timeNs) ||
        compare(left.sequence, right.sequence) ||
        byTimeAndId(left, right),
    )
    .map(({ snapshot }) => snapshot);
}

function compare<T extends number | bigint>(left: T, right: T): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

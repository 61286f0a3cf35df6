/** Each location in its turn: the one whose last drill is the longest ago comes first. */

/** @param drilledAt wall time of the last drill by the name of the location */
export function orderPlaces<P extends { readonly name: string }>(
  places: readonly P[],
  drilledAt: ReadonlyMap<string, number>,
): readonly P[] {
  const turn = ({ name }: P): number => drilledAt.get(name) ?? Number.NEGATIVE_INFINITY;
  // In the order in which they are declared where two are equal: sorting is stable.
  return places.toSorted((left, right) =>
    turn(left) < turn(right) ? -1 : Number(turn(left) > turn(right)),
  );
}

/** How much time do spans cover together? What overlaps counts once. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export function totalLength(spans: readonly Span[]): number {
  let total = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    if (to <= end) continue;
    total += Math.max(0, to - Math.max(from, end));
    end = to;
  }
  return total;
}

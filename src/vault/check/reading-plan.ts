/**
 * Which packs are read in full today, so that all are within some days: a share of the bytes, from
 * where the last reading stopped. Packs are named by chance, so that any stretch of names is a
 * sample.
 *
 * G1. Going on from each `next`, every pack is read once before any is read twice.
 */

export interface ReadingPlanOptions {
  readonly packs: Iterable<{ readonly id: string; readonly sizeBytes: number }>;
  /** Of all bytes, above 0 to 1. */
  readonly share: number;
  /** `next` of the last plan; empty for the first one. */
  readonly from: string;
}

export interface ReadingPlan {
  readonly packs: ReadonlySet<string>;
  readonly sizeBytes: number;
  /** Where the next reading begins. */
  readonly next: string;
}

export function planReading({ from, packs, share }: ReadingPlanOptions): ReadingPlan {
  const byName = [...packs].toSorted((left, right) => (left.id < right.id ? -1 : 1));
  const mostBytes = share * byName.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const begin = byName.findIndex(({ id }) => id >= from);
  const chosen = new Set<string>();
  let sizeBytes = 0;
  // To the end of the names and no further: the next reading begins anew with those that came.
  for (const pack of byName.slice(begin < 0 ? 0 : begin)) {
    if (sizeBytes >= mostBytes) return { packs: chosen, sizeBytes, next: pack.id };
    chosen.add(pack.id);
    sizeBytes += pack.sizeBytes;
  }
  return { packs: chosen, sizeBytes, next: "" };
}

/**
 * How far a person may limit an operation from outside while it runs. Below the floors next to
 * nothing would get through, without anybody having said that it should: that is what isolating an
 * operation is for, which says so, with a reason.
 */
export const limitBounds = {
  timeoutMs: { min: 100, max: 3_600_000 },
  concurrency: { min: 1, max: 100_000 },
  perSecond: { min: 0.1, max: 1_000_000 },
} as const;

export type LimitName = keyof typeof limitBounds;

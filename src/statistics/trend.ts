/**
 * When will a growing series reach its limit? Memory that leaks, descriptors, a disk.
 *
 * Intuition: any rise looks like a leak for a moment, so what counts is *new ground*, the height
 * above everything seen before the rise began. A sawtooth gains none, noise hardly any, and a step
 * has stopped rising when it is looked at. How much new ground is proof depends on what is known:
 *
 * - usually half of the way from the old peak to the limit: a shorter rise may be a warm-up, a
 *   long export, the first tooth, and there is as much time left as has passed;
 * - a seventh of the way when the limit would be reached within seconds and the series was quiet
 *   before: there is no time to wait for more.
 *
 * All looks are relative to the way that is left, so leaks of any size meet the same rule.
 *
 * 1. Undefined unless the rise is significant, steady and still going on.
 * 2. Nothing is said from fewer than six points, or about a series that went silent.
 * 3. Scaling value and limit, or shifting the time, does not change the answer.
 */
import type { History, Level } from "./history.ts";
import { kendallOf, type Line, lineThrough, rises } from "./slope.ts";

export interface TrendOptions {
  /** For so long after its first point a series has no past to be measured against. */
  readonly settleMs?: number;
  /** A limit that is nearer than this leaves no time to wait for more proof. */
  readonly urgentMs?: number;
}

interface Rise {
  readonly level: Level;
  readonly count: number;
  readonly headroom: number;
  readonly nowMs: number;
}

const shortest = 6;
/** A coarse point hides what happened within it, so more of them are needed. */
const shortestCoarse = 8;
const sizes = [24, 16, 12, 8, shortest] as const;

/** How much of the way may still lie ahead, in units of the new ground. */
const ahead = { usual: 1, urgent: 6 } as const;

/** Median distance from the line, as a share of the rise: a few points must lie closer to it. */
const spreadMax = { usual: 0.1, urgent: 0.05 } as const;

/**
 * Milliseconds until `history` reaches `limit` if it goes on like this; 0 when it is there already;
 * undefined when it does not grow, or not so far that one can tell. `nowMs` is of the same clock as
 * the times of the history.
 */
export function timeToLimitMs(
  history: History,
  limit: number,
  { nowMs, settleMs = 15_000, urgentMs = 15_000 }: TrendOptions & { readonly nowMs: number },
): number | undefined {
  const newest = history.levels[0]?.lows;
  if (!newest || newest.size < shortest) return undefined;
  const current = newest.valueAt(newest.size - 1);
  // The longest rise knows its slope best, so the coarsest level is asked first.
  for (const level of history.levels.toReversed()) {
    const size = level.lows.size;
    const headroom = limit - Math.max(current, level.highs.valueAt(size - 1));
    for (const count of [size, ...sizes]) {
      if (count > size || count < (level.lows === newest ? shortest : shortestCoarse)) continue;
      const rise = { level, count, headroom, nowMs };
      if (!mayReach(rise, current)) continue;
      const leftMs = provenLeftMs(rise, history, { settleMs, urgentMs });
      if (leftMs !== undefined) return leftMs;
    }
  }
  return undefined;
}

function provenLeftMs(
  rise: Rise,
  history: History,
  { settleMs, urgentMs }: Required<TrendOptions>,
): number | undefined {
  const { ground, isQuiet } = groundOf(rise, history, settleMs);
  const { headroom } = rise;
  if (ground <= 0 || headroom > (isQuiet ? ahead.urgent : ahead.usual) * ground) return undefined;
  // Without a quiet past to compare with, six points in a row are too often chance.
  if (rise.count === shortest && !isQuiet) return undefined;
  const line = steadyLine(rise);
  if (!line) return undefined;
  const leftMs = Math.max(0, headroom) / line.slopePerMs;
  if (headroom <= ahead.usual * ground) return leftMs;
  return leftMs <= urgentMs && isClose(rise, line, spreadMax.urgent) ? leftMs : undefined;
}

function growthOf({ level: { lows }, count }: Rise): number {
  return lows.valueAt(lows.size - 1) - lows.valueAt(lows.size - count);
}

/** The cheap look that ends it for a series at rest: too far to go, gone down again, or silent. */
function mayReach(rise: Rise, current: number): boolean {
  const { lows } = rise.level;
  const last = lows.size - 1;
  const growth = growthOf(rise);
  if (!(growth > 0) || rise.headroom > ahead.urgent * growth) return false;
  if (current < lows.valueAt(last) - growth / 2) return false;
  const tookMs = lows.timeAt(last) - lows.timeAt(lows.size - rise.count);
  const meanSpacingMs = tookMs / (rise.count - 1);
  return meanSpacingMs > 0 && rise.nowMs - lows.timeAt(last) <= 3 * meanSpacingMs;
}

/** A rise of which both halves climb and so does its end: a step and a warm-up have a flat part. */
function steadyLine(rise: Rise): Line | undefined {
  const { lows } = rise.level;
  const to = lows.size;
  const from = to - rise.count;
  const whole = { ring: lows, from, to };
  if (!rises(kendallOf(whole), rise.count)) return undefined;
  const line = lineThrough(whole);
  // Where half of the points are still at rest, most pairs may rise and their median slope be none.
  if (line.slopePerMs <= 0) return undefined;
  if (!isClose(rise, line, spreadMax.usual)) return undefined;
  const middle = from + (rise.count >> 1);
  const parts = [
    { ring: lows, from: to - 1 - (rise.count >> 2), to },
    { ring: lows, from: middle, to },
    { ring: lows, from, to: middle + 1 },
  ];
  const isSteady = parts.every((part) => lineThrough(part).slopePerMs >= line.slopePerMs / 2);
  return isSteady ? line : undefined;
}

function isClose({ level: { lows }, count }: Rise, line: Line, share: number): boolean {
  const tookMs = lows.timeAt(lows.size - 1) - lows.timeAt(lows.size - count);
  return line.spread <= share * line.slopePerMs * tookMs;
}

/** How far it has come above its past, and whether that past was long and moved less. */
function groundOf(
  { level: { lows }, count }: Rise,
  history: History,
  settleMs: number,
): { ground: number; isQuiet: boolean } {
  const first = lows.size - count;
  const last = lows.size - 1;
  const beganMs = lows.timeAt(first);
  const past = history.before(beganMs);
  if (!past) return { ground: lows.valueAt(last) - lows.valueAt(first), isQuiet: false };
  const ground = lows.valueAt(last) - Math.max(past.high, lows.valueAt(first));
  const isLong = beganMs - past.fromMs >= Math.max(lows.timeAt(last) - beganMs, settleMs);
  return { ground, isQuiet: isLong && past.high - past.low <= ground };
}

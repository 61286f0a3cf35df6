/**
 * Times as Node can set them. It takes seconds as a double, which since 2001 is good to about 0.24
 * microseconds, so what has nanoseconds is set again by `setTimesExactly`. What was set here is
 * near enough to tell after a kill what is newer.
 */

const nsPerSecond = 1_000_000_000n;

/** For `utimes`: below zero as text, for such a number is taken for the present. */
export function nodeTime(timeNs: bigint): number | string {
  if (timeNs < 0n) return String(Number(secondsOf(timeNs)) + Number(nanosecondsOf(timeNs)) / 1e9);
  return Number(timeNs / nsPerSecond) + Number(timeNs % nsPerSecond) / 1e9;
}

export function isWholeSecond(timeNs: bigint): boolean {
  return timeNs % nsPerSecond === 0n;
}

/** Rounded down, also before 1970. */
export function secondsOf(timeNs: bigint): bigint {
  return (timeNs - nanosecondsOf(timeNs)) / nsPerSecond;
}

/** From 0 to 999,999,999, as the kernel wants it. */
export function nanosecondsOf(timeNs: bigint): bigint {
  return ((timeNs % nsPerSecond) + nsPerSecond) % nsPerSecond;
}

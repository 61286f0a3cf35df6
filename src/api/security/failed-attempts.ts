/**
 * Wrong tokens, counted by address: after `attemptsMax` within a minute the next ones are told to
 * wait. The right token is never refused, so that nobody can lock its owner out.
 */
import type { Clock } from "../../kernel/index.ts";

const attemptsMax = 10;
const windowMs = 60_000;
const addressesMax = 1000;

export interface FailedAttempts {
  /** Counts one more; milliseconds to wait when there were too many, else undefined. */
  add(address: string): number | undefined;
}

export function createFailedAttempts(clock: Clock): FailedAttempts {
  const known = new Map<string, { count: number; untilMs: number }>();
  return {
    add(address) {
      const nowMs = clock.now().monotonicMs;
      let attempts = known.get(address);
      if (attempts === undefined || attempts.untilMs <= nowMs) {
        attempts = { count: 0, untilMs: nowMs + windowMs };
        known.delete(address);
        known.set(address, attempts);
      }
      attempts.count += 1;
      const oldest = known.keys().next().value;
      if (known.size > addressesMax && oldest !== undefined) known.delete(oldest);
      return attempts.count > attemptsMax ? attempts.untilMs - nowMs : undefined;
    },
  };
}

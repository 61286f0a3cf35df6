/**
 * How long to wait before a server is asked again: growing, and spread, so that the many who lost
 * it in the same moment do not return in the same moment.
 */
import type { Random } from "../../../kernel/index.ts";

export interface ReconnectOptions {
  readonly firstMs?: number;
  readonly longestMs?: number;
  readonly random: Random;
}

export interface ReconnectDelays {
  next(): number;
}

export function reconnectDelays(options: ReconnectOptions): ReconnectDelays {
  let attempt = 0;
  return {
    next: () => {
      attempt += 1;
      return reconnectDelayMs(attempt, options);
    },
  };
}

/** Between a half and the whole of what doubles with every attempt; `attempt` counts from 1. */
export function reconnectDelayMs(attempt: number, options: ReconnectOptions): number {
  const { firstMs = 100, longestMs = 15_000, random } = options;
  const wholeMs = Math.min(longestMs, firstMs * 2 ** Math.min(30, Math.max(0, attempt - 1)));
  return Math.round(wholeMs / 2 + (wholeMs / 2) * random.next());
}

/** How a client of Redis comes back. */
import { checkOptions, durationOption, messageOf, optionsOf } from "../../../kernel/index.ts";
import { realTools } from "../../real-tools.ts";
import { reconnectDelayMs } from "./reconnect-delays.ts";

export interface RedisRetryOptions {
  /** The first delay at most: 100 ms. It doubles with every attempt. */
  readonly firstMs?: number | string;
  /** No delay is longer: 15 s. */
  readonly longestMs?: number | string;
}

const shape = optionsOf({
  firstMs: durationOption({ min: 1 }),
  longestMs: durationOption({ min: 1 }),
});

/**
 * A `retryStrategy` for ioredis: `new Redis({ retryStrategy: redisRetryStrategy() })`.
 *
 * Delays double from 100 ms to 15 s, each spread over its upper half, so that the many clients that
 * lost a server in the same moment do not return in the same moment. It never gives up.
 */
export function redisRetryStrategy(options: RedisRetryOptions = {}): (attempt: number) => number {
  const { firstMs = 100, longestMs = 15_000 } = checkOptions("redisRetryStrategy", options, shape);
  const { random } = realTools;
  return (attempt) => reconnectDelayMs(attempt, { firstMs, longestMs, random });
}

/**
 * A `reconnectOnError` for ioredis: a server that has become a replica answers READONLY, and the
 * client looks for the new master instead of failing until it is restarted.
 *
 * The command that met it is sent again over the new connection: it was refused, so not done.
 */
export function reconnectOnFailover(error: Error): 2 | false {
  return messageOf(error).startsWith("READONLY") ? 2 : false;
}

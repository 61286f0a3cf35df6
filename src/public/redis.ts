/** `soulmirror/redis`: a client of ioredis that is watched, and comes back well. */
export { type LatencyCheckOptions, redisCheck } from "../engine/health/index.ts";
export {
  type PoolNotice,
  type PoolWatch,
  type RedisRetryOptions,
  reconnectOnFailover,
  redisRetryStrategy,
  type WatchPoolOptions,
  watchRedis,
} from "../engine/integrations/index.ts";

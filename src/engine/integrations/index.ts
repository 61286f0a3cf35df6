/**
 * Where the engine meets what others have written: servers, clients and pools are measured through
 * their own doors, without a change of what they do. What is done about a failure is left to the
 * policies.
 */

export { currentRequestIds } from "../request-ids.ts";
export { type ExpressMiddleware, expressMiddleware } from "./express.ts";
export { fastifyPlugin } from "./fastify.ts";
export { type HttpClientOptions, watchHttpClients } from "./http-clients.ts";
export type { Metering } from "./operation-meters.ts";
export type { PoolEvent, PoolNotice } from "./pool/pool-driver.ts";
export { watchRedis } from "./pool/redis-client.ts";
export {
  type RedisRetryOptions,
  reconnectOnFailover,
  redisRetryStrategy,
} from "./pool/redis-retry.ts";
export { type PoolWatch, type WatchPoolOptions, watchPool } from "./pool/watch-pool.ts";
export type { ServerOptions } from "./server-options.ts";

/**
 * Where the engine meets what others have written: servers, clients and pools are measured through
 * their own doors, without a change of what they do. What is done about a failure is left to the
 * policies.
 */
export { AnswerError, TruncatedError } from "./answer-error.ts";
export { type ExpressMiddleware, expressMiddleware } from "./express.ts";
export { fastifyPlugin } from "./fastify.ts";
export { type HttpClientOptions, watchHttpClients } from "./http-clients.ts";
export type { Metering } from "./operation-meters.ts";
export { currentRequestIds } from "./request-context.ts";
export type { ServerOptions } from "./server-options.ts";
export { type TrpcCall, trpcMiddleware } from "./trpc.ts";

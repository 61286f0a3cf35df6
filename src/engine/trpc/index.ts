/** tRPC, behind a door of its own. */
export { type TrpcCall, type TrpcMiddleware, type TrpcStep, trpcMiddleware } from "./trpc.ts";

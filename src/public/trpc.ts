/** `soulmirror/trpc`: every procedure is measured by its path, and health is a query. */
export { type HealthReport, healthQuery } from "../engine/health/index.ts";
export { type ServerOptions, type TrpcCall, trpcMiddleware } from "../engine/integrations/index.ts";

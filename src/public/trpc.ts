/** `soulmirror/trpc`: every procedure is measured by its path, and health is a query. */
export { type HealthReport, healthQuery } from "../engine/health/index.ts";
export type { ServerOptions } from "../engine/integrations/index.ts";
export {
  type TrpcCall,
  type TrpcMiddleware,
  type TrpcStep,
  trpcMiddleware,
} from "../engine/trpc/index.ts";

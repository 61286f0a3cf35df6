/** `soulmirror/express`: every request is measured by its route, and health has an endpoint. */
export { type HealthDocumentOptions, healthHandler } from "../engine/health/index.ts";
export {
  type ExpressMiddleware,
  expressMiddleware,
  type ServerOptions,
} from "../engine/integrations/index.ts";

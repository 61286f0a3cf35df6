/** `soulmirror/fastify`: every request is measured by its route, and health has an endpoint. */
export { type HealthDocumentOptions, healthRoute } from "../engine/health/index.ts";
export { fastifyPlugin, type ServerOptions } from "../engine/integrations/index.ts";

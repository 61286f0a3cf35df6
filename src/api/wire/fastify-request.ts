/** What our requests and routes carry besides fastify's own. */
import type { Access, Caller } from "../procedures/procedure.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Set by the gate before any handler. */
    caller: Caller;
  }
  interface FastifyContextConfig {
    /** `own`: the route asks the gate itself. Without it a route counts as `read`. */
    access?: Access | "own";
  }
}

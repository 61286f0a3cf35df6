/**
 * Fastify 5: every request is one call of the operation `METHOD /the/:pattern`. See
 * `watch-response.ts` for what counts as a failure.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { OpenCall } from "../operation.ts";
import { runWithRequestIds } from "../request-ids.ts";
import { type Metering, OperationMeters } from "./operation-meters.ts";
import { readIds } from "./request-context.ts";
import { checkServerOptions, isIgnored, type ServerOptions } from "./server-options.ts";
import { endCall, isLeft, watchResponse } from "./watch-response.ts";

/** The part of Fastify's request that is used. */
export interface FastifyRequestPart {
  readonly method: string;
  readonly raw: IncomingMessage;
  readonly routeOptions: { readonly url?: string | undefined };
}

interface Reply {
  readonly raw: ServerResponse;
}

/** The part of a Fastify instance that is used. */
export interface FastifyPart<Request> {
  addHook(
    name: "onRequest",
    hook: (request: Request, reply: Reply, done: () => void) => void,
  ): unknown;
  addHook(
    name: "onError",
    hook: (request: Request, reply: Reply, ...rest: [error: unknown, done: () => void]) => void,
  ): unknown;
  addHook(
    name: "onSend",
    hook: (request: Request, reply: Reply, ...rest: [payload: unknown, done: () => void]) => void,
  ): unknown;
}

interface UnderWay {
  readonly call: OpenCall;
  error: unknown;
}

/**
 * Measures every request of the instance that it is registered with:
 * `await app.register(fastifyPlugin(engine))`, before the routes.
 *
 * The operation is the method and the pattern of the route (`GET /users/:id`), `GET (no route)`
 * when none fits. 5xx is a failure, told with the error that a handler has thrown; a request that
 * its client leaves is cancelled. It is not encapsulated: it covers what is registered beside it.
 */
export function fastifyPlugin<Request extends FastifyRequestPart = FastifyRequestPart>(
  engine: Metering,
  options: ServerOptions<Request> = {},
): (instance: FastifyPart<Request>, settings: unknown, done: () => void) => void {
  const checked = checkServerOptions("fastifyPlugin", options);
  const { ids: idsOf, carryIds, operationsMax } = checked;
  const meters = new OperationMeters(engine, { operationsMax, other: "fastify other" });
  const underWay = new WeakMap<object, UnderWay>();

  const plugin = (instance: FastifyPart<Request>, _settings: unknown, done: () => void): void => {
    instance.addHook("onRequest", (request, reply, next) => {
      if (isIgnored(checked, request)) return next();
      const ids = readIds(idsOf, request);
      const name = `${request.method} ${request.routeOptions.url ?? "(no route)"}`;
      const mine: UnderWay = { call: meters.of(name).begin(ids), error: undefined };
      underWay.set(request, mine);
      watchResponse(reply.raw, (ending) => endCall(mine.call, ending, mine.error));
      if (carryIds) runWithRequestIds(ids, next);
      else next();
    });
    const failed = (request: Request, error: unknown): void => {
      const mine = underWay.get(request);
      if (mine !== undefined && !isLeft(request.raw)) mine.error = error;
    };
    instance.addHook("onError", (request, _reply, ...[error, next]) => {
      failed(request, error);
      next();
    });
    // Of a stream that breaks after the headers were sent no hook of Fastify's is told.
    instance.addHook("onSend", (request, _reply, ...[payload, next]) => {
      if (payload instanceof Readable) payload.once("error", (error) => failed(request, error));
      next();
    });
    done();
  };
  // As the package `fastify-plugin` marks it: hooks go to the instance around it.
  return Object.assign(plugin, {
    [Symbol.for("skip-override")]: true,
    [Symbol.for("fastify.display-name")]: "soulmirror",
  });
}

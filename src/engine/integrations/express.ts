/**
 * Express 5 (and 4): every request is one call of the operation `METHOD /the/:pattern`. See
 * `watch-response.ts` for what counts as a failure.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { realTools } from "../real-tools.ts";
import { runWithRequestIds } from "../request-ids.ts";
import { routePattern, traceRoute } from "./express-route.ts";
import { type Metering, OperationMeters } from "./operation-meters.ts";
import { readIds } from "./request-context.ts";
import { checkServerOptions, isIgnored, type ServerOptions } from "./server-options.ts";
import { endCall, isLeft, watchResponse } from "./watch-response.ts";

type Next = (error?: unknown) => void;

export interface ExpressMiddleware {
  (request: IncomingMessage, response: ServerResponse, next: Next): void;
  /** Put it after the routes, and failures are told with the error that a handler has thrown. */
  readonly errors: (
    error: unknown,
    request: IncomingMessage,
    ...rest: [response: ServerResponse, next: Next]
  ) => void;
}

/**
 * Measures every request that passes: `app.use(expressMiddleware(engine))`, before the routes.
 *
 * The operation is the method and the pattern of the route (`GET /users/:id`), `GET (no route)`
 * when none fits. 5xx is a failure, a request that its client leaves is cancelled. With
 * `app.use(middleware.errors)` after the routes the events show the error itself; it is handed on
 * unchanged. The call is counted when its answer ends: while it lasts it is not in flight.
 */
export function expressMiddleware<Request extends IncomingMessage = IncomingMessage>(
  engine: Metering,
  options: ServerOptions<Request> = {},
): ExpressMiddleware {
  const checked = checkServerOptions("expressMiddleware", options);
  const { ids: idsOf, carryIds, operationsMax } = checked;
  const meters = new OperationMeters(engine, { operationsMax, other: "express other" });
  const thrown = new WeakMap<object, { readonly error: unknown }>();

  const middleware = (request: IncomingMessage, response: ServerResponse, next: Next): void => {
    if (isIgnored(checked, request as Request)) return next();
    const startedMs = realTools.monotonicMs();
    const ids = readIds(idsOf, request as Request);
    traceRoute(request);
    watchResponse(response, (ending) => {
      const name = `${request.method} ${routePattern(request) ?? "(no route)"}`;
      endCall(meters.of(name).begin(ids, startedMs), ending, thrown.get(request)?.error);
    });
    if (carryIds) runWithRequestIds(ids, next);
    else next();
  };
  const errors: ExpressMiddleware["errors"] = (error, request, ...[_response, next]) => {
    if (!isLeft(request)) thrown.set(request, { error });
    next(error);
  };
  // Express knows a handler of errors by its four parameters.
  Object.defineProperty(errors, "length", { value: 4 });
  return Object.assign(middleware, { errors });
}

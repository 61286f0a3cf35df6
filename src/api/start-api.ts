/**
 * The HTTP server: one gate in front, then routes from the table of procedures, texts for other
 * monitors, streams, tRPC and the page.
 *
 * A1. No request reaches a handler before the gate has seen it, not even one for an unknown path.
 * A2. Bodies, headers, times and connections are bounded.
 * A3. `close` ends every stream and connection; nothing keeps the process alive afterwards.
 */
import fastify, { type FastifyInstance } from "fastify";
import { messageOf, SoulMirrorError } from "../kernel/index.ts";
import { portHolder } from "../system/index.ts";
import type { House } from "./house.ts";
import { addPageRoutes } from "./page/page-routes.ts";
import { createGate, type Gate } from "./security/gate.ts";
import { securityHeaders } from "./security/headers.ts";
import { watchMethods } from "./wire/allowed-methods.ts";
import { answerError } from "./wire/answer-error.ts";
import "./wire/fastify-request.ts";
import { addControlRoute } from "./wire/control-route.ts";
import { makeOpenApi } from "./wire/open-api.ts";
import { addOtlpRoutes } from "./wire/otlp-routes.ts";
import { addProbeRoutes } from "./wire/probe-routes.ts";
import { addRestRoutes } from "./wire/rest.ts";
import { addSessionRoutes } from "./wire/session-routes.ts";
import { addStreamRoutes } from "./wire/stream-routes.ts";
import { addTrpcRoutes } from "./wire/trpc-routes.ts";

export interface ApiOptions {
  /** Beyond loopback everything needs the token. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The content of the token file. */
  readonly token: string;
  /** Further names, with or without port, that people reach it by; asked at every request. */
  readonly otherHosts?: () => readonly string[];
  /** Whose token that is, where it is one of a service. */
  readonly serviceOf?: (given: string) => string | undefined;
  /** For errors of our own: they are logged, callers see only that there was one. */
  readonly complain: (what: string, error: unknown) => void;
}

export interface Api extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const limits = {
  bodyLimit: 64 * 1024,
  requestTimeout: 10_000,
  connectionTimeout: 0,
  keepAliveTimeout: 10_000,
  routerOptions: { maxParamLength: 300 },
  // Half-open connections are cleared soon: there is room for `connectionsMax` of them.
  http: { maxHeaderSize: 16 * 1024, headersTimeout: 3000, connectionsCheckingInterval: 1000 },
} as const;

const connectionsMax = 1000;

export async function startApi(house: House, options: ApiOptions): Promise<Api> {
  const { host, token, complain } = options;
  if (token.length < 16) {
    throw new SoulMirrorError("DATA_DIRECTORY_UNUSABLE", "the token is shorter than 16 characters");
  }
  const app = fastify({
    ...limits,
    logger: false,
    forceCloseConnections: true,
    // An address that cannot be decoded has no route, and no hook runs for it: keeps A1.
    frameworkErrors: (error, request, reply) => {
      void reply.headers(securityHeaders);
      try {
        const { method, ip, headers, socket } = request;
        const visit = { method, address: ip, localAddress: socket.localAddress, headers };
        gate.permit(gate.identify(visit), "read");
        answerError(reply, error);
      } catch (refusal) {
        answerError(reply, refusal);
      }
    },
  });
  app.server.maxConnections = connectionsMax;
  let port = options.port;
  const gate = createGate({
    clock: house.clock,
    token,
    host,
    port: () => port,
    otherHosts: options.otherHosts ?? (() => []),
    serviceOf: options.serviceOf ?? (() => undefined),
  });
  guard(app, { gate, complain, methodsOf: watchMethods(app) });
  addRestRoutes(app, house);
  const endTally = addProbeRoutes(app, house);
  const streams = addStreamRoutes(app, house, complain);
  const closeControl = addControlRoute(app, house);
  addOtlpRoutes(app, house, complain);
  addSessionRoutes(app, gate);
  addTrpcRoutes(app, { house, gate, complain });
  addPageRoutes(app, house);
  let openApi: unknown;
  app.get("/api/v1/openapi.json", async () => (openApi ??= makeOpenApi(house)));
  app.addHook("preClose", (done) => {
    streams.close();
    closeControl();
    endTally();
    done();
  });
  port = await listen(app, options);
  const close = async (): Promise<void> => await app.close();
  const shownHost = host.includes(":") ? `[${host}]` : host;
  return { url: `http://${shownHost}:${port}`, port, close, [Symbol.asyncDispose]: close };
}

interface Guarding {
  readonly gate: Gate;
  readonly complain: ApiOptions["complain"];
  readonly methodsOf: (url: string) => readonly string[];
}

function guard(app: FastifyInstance, { gate, complain, methodsOf }: Guarding): void {
  app.removeContentTypeParser("text/plain");
  app.decorateRequest("caller");
  app.addHook("onRequest", async (request, reply) => {
    void reply.headers(securityHeaders);
    const { method, ip, headers } = request;
    const { localAddress } = request.socket;
    request.caller = gate.identify({ method, address: ip, localAddress, headers });
    const access = request.routeOptions.config.access ?? "read";
    if (access !== "own") gate.permit(request.caller, access);
  });
  app.setErrorHandler((error, request, reply) => {
    if (answerError(reply, error)) complain(`${request.method} ${request.url}`, error);
  });
  app.setNotFoundHandler((request, reply) => {
    const methods = methodsOf(request.url);
    const what = `there is no ${request.method} ${request.url.split("?")[0] ?? ""}`;
    if (methods.length === 0) {
      const fix = "/api/v1/openapi.json lists what there is";
      answerError(reply, new SoulMirrorError("NOT_FOUND", what, { fix }));
      return;
    }
    const allowed = methods.join(", ");
    void reply.header("allow", allowed);
    const fix = `this address has ${allowed}`;
    answerError(reply, new SoulMirrorError("METHOD_NOT_ALLOWED", what, { fix }));
  });
}

function whyNot(error: unknown, host: string, port: number): string {
  const isHeld = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
  const holder = isHeld ? portHolder(host, port) : null;
  return holder ? `it is held by pid ${holder.pid} (${holder.command})` : messageOf(error);
}

async function listen(app: FastifyInstance, { host, port }: ApiOptions): Promise<number> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    const fix = "give another port with --port, or end what holds this one";
    const message = `cannot listen on ${host}:${port}: ${whyNot(error, host, port)}`;
    throw new SoulMirrorError("CONFLICT", message, { fix, cause: error });
  }
  const address = app.server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

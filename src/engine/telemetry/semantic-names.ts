/**
 * What OpenTelemetry calls the operations whose kind shows in their name, as the engine's own
 * middleware names them. Anything else keeps our own word.
 */
import type { Attributes } from "./otlp-format.ts";

export interface SemanticName {
  /** Of the histogram of durations; the unit is seconds. */
  readonly metric: string;
  readonly attributes: Attributes;
}

const methods = "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT";
const served = new RegExp(`^(${methods}) (.+)$`);
const called = new RegExp(`^http (\\S+?)(?::(\\d+))? (${methods})$`);
const database = /^(pg|postgres|postgresql|mysql2?|mariadb|redis|ioredis|mongodb)[ .:](.+)$/;
const model = /^(?:llm|ai)[:.]([\w-]+)(?:[.:](.+))?$/;

const databaseNames: Readonly<Record<string, string>> = {
  pg: "postgresql",
  postgres: "postgresql",
  mysql2: "mysql",
  ioredis: "redis",
};

export function semanticName(operation: string): SemanticName {
  return (
    asProcedure(operation) ??
    asServed(operation) ??
    asCalled(operation) ??
    asDatabase(operation) ??
    asModel(operation) ?? { metric: "soulmirror.operation.duration", attributes: {} }
  );
}

function asProcedure(operation: string): SemanticName | undefined {
  if (!operation.startsWith("trpc.")) return undefined;
  const method = operation.slice("trpc.".length);
  const attributes = { "rpc.system.name": "trpc", "rpc.method": method };
  return { metric: "rpc.server.call.duration", attributes };
}

function asServed(operation: string): SemanticName | undefined {
  const [, method, route] = served.exec(operation) ?? [];
  if (method === undefined) return undefined;
  const attributes = {
    "http.request.method": method,
    "http.route": route === "(no route)" ? undefined : route,
    "url.scheme": "http",
  };
  return { metric: "http.server.request.duration", attributes };
}

function asCalled(operation: string): SemanticName | undefined {
  const [, host, port, method] = called.exec(operation) ?? [];
  if (method === undefined) return undefined;
  const attributes = {
    "http.request.method": method,
    "server.address": host,
    "server.port": port === undefined ? undefined : Number(port),
  };
  return { metric: "http.client.request.duration", attributes };
}

function asDatabase(operation: string): SemanticName | undefined {
  const [, driver = "", name] = database.exec(operation) ?? [];
  if (name === undefined) return undefined;
  const attributes = {
    "db.system.name": databaseNames[driver] ?? driver,
    "db.operation.name": name,
  };
  return { metric: "db.client.operation.duration", attributes };
}

function asModel(operation: string): SemanticName | undefined {
  const [, provider, name] = model.exec(operation) ?? [];
  if (provider === undefined) return undefined;
  const attributes = { "gen_ai.provider.name": provider, "gen_ai.operation.name": name ?? "chat" };
  return { metric: "gen_ai.client.operation.duration", attributes };
}

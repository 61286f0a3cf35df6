/**
 * What people write as a probe becomes a sensor's kind with its parameters.
 * P1. A path, or a URL at the service's own `listen` address, asks every instance at its own port:
 *     the parameters then hold `path` and no `url`.
 * P2. `health_check` stands for all three probes; `startup`, `readiness` and `liveness` override.
 * P3. The startup probe is asked often, because a start should not wait for a slow cadence.
 */
import type { z } from "zod";
import type { JsonRecord } from "../kernel/index.ts";
import type { ProbeSpec, ServiceSpec } from "./fleet.ts";
import { authoritiesOf } from "./resolve-authorities.ts";
import { complain, listOf, msOf, parametersOf, type Scope, wordsOf } from "./resolve-scope.ts";
import type { WrittenFleet } from "./schema.ts";
import type { expectation, probe } from "./schema-probes.ts";
import type { WrittenService } from "./schema-service.ts";
import { secretsOf } from "./secret.ts";
import type { TreePath } from "./tree.ts";

type Written = z.infer<typeof probe>;
type WrittenMap = Exclude<Written, string>;
type Expectation = z.infer<typeof expectation>;

export interface Cadence {
  readonly interval: string | number;
  readonly timeout: string | number;
  readonly down: number;
  readonly of: number;
  readonly up: number;
}

type OwnCadence = { readonly [Key in keyof Cadence]?: Cadence[Key] | undefined };

/** What a probe may take from its service. */
export interface ProbeScope {
  readonly scope: Scope;
  readonly name: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly listen: ServiceSpec["listen"];
  readonly defaults: WrittenFleet["defaults"]["probes"];
}

const startupIntervalMs = 50;
/** A command costs a process each time. */
const startupCommandIntervalMs = 250;

export type Probes = Pick<ServiceSpec, "startup" | "readiness" | "liveness">;

export function probesOf(context: ProbeScope, written: WrittenService): Probes {
  const path = ["services", context.name];
  const read = (key: "health_check" | "startup" | "readiness" | "liveness") => {
    const value = written[key];
    return value === undefined ? undefined : (probeOf(context, [...path, key], value) ?? null);
  };
  const all = read("health_check");
  // A service that reports by itself has nothing that could be asked whether it is ready.
  const askable = all?.kind === "heartbeat" ? undefined : all;
  const liveness = orElse(read("liveness"), all);
  const readiness = orElse(read("readiness"), askable);
  const startup = orElse(read("startup"), quick(askable ?? readiness ?? undefined));
  return {
    ...(startup ? { startup } : {}),
    ...(readiness ? { readiness } : {}),
    ...(liveness ? { liveness } : {}),
  };
}

/** Null is `custom`: nobody asks, and nothing else is asked instead. */
function orElse<T>(own: T | null | undefined, other: T | null | undefined): T | null | undefined {
  return own === undefined ? other : own;
}

function quick(probe: ProbeSpec | undefined): ProbeSpec | undefined {
  if (probe === undefined) return undefined;
  const mostMs = probe.kind === "command" ? startupCommandIntervalMs : startupIntervalMs;
  const intervalMs = Math.min(probe.intervalMs, mostMs);
  return { ...probe, intervalMs, down: 1, of: 1, up: 1 };
}

function probeOf(context: ProbeScope, path: TreePath, written: Written): ProbeSpec | undefined {
  if (written === "custom") return undefined;
  const map: WrittenMap = typeof written === "string" ? { http: written } : written;
  const asked = askedOf(context, path, map);
  if (asked === undefined) return undefined;
  return { ...asked, ...cadenceOf(context.scope, path, ownCadence(map, context.defaults)) };
}

/** Own values over defaults, for probes and resources alike. */
export function ownCadence(own: OwnCadence, defaults: Cadence): Cadence {
  const of = own.of ?? Math.max(defaults.of, own.down ?? 0);
  return {
    interval: own.interval ?? defaults.interval,
    timeout: own.timeout ?? defaults.timeout,
    // One of the two alone moves the other one along.
    of,
    down: own.down ?? Math.min(defaults.down, of),
    up: own.up ?? defaults.up,
  };
}

export function cadenceOf(
  scope: Scope,
  path: TreePath,
  { interval, timeout, down, of, up }: Cadence,
): Pick<ProbeSpec, "intervalMs" | "timeoutMs" | "down" | "of" | "up"> {
  if (down > of) {
    const message = `${down} bad looks of ${of} can never be`;
    complain(scope, [...path, "down"], { message, fix: `make \`of\` at least ${down}` });
  }
  return { intervalMs: msOf(interval), timeoutMs: msOf(timeout), down, of, up };
}

type Asked = Pick<ProbeSpec, "kind" | "parameters">;

function askedOf(context: ProbeScope, path: TreePath, map: WrittenMap): Asked | undefined {
  const { scope } = context;
  if (map.http !== undefined) return askedByHttp(context, path, { ...map, http: map.http });
  if (map.tcp !== undefined) {
    return { kind: "tcp", parameters: addressParameters(context, map.tcp) };
  }
  if (map.command !== undefined) {
    const command = wordsOf(scope, [...path, "command"], map.command);
    const parameters = commandParameters(command, map.expect);
    return { kind: "command", parameters: { ...parameters, cwd: context.cwd, env: context.env } };
  }
  if (map.heartbeat === undefined) return undefined;
  const everyMs = msOf(map.heartbeat);
  const graceMs = map.grace === undefined ? everyMs / 2 : msOf(map.grace);
  return { kind: "heartbeat", parameters: { everyMs, graceMs } };
}

function askedByHttp(
  context: ProbeScope,
  path: TreePath,
  map: WrittenMap & { readonly http: string },
): Asked | undefined {
  const where = addressOf(context, map.http);
  if (where === undefined) {
    const isPath = map.http.startsWith("/");
    complain(context.scope, path, {
      message: isPath
        ? `"${map.http}" is a path, but the service has no address`
        : `expected a URL or a path, found "${map.http}"`,
      fix: isPath
        ? "add `listen`, set PORT in `env`, or write the whole URL"
        : "write http://HOST:PORT/PATH or /PATH",
    });
    return undefined;
  }
  return { kind: "http", parameters: { ...where, ...requestParameters(context.scope, path, map) } };
}

const own: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]", "0.0.0.0"]);

/** P1. Undefined: there is no such address. */
export function addressOf(
  context: Pick<ProbeScope, "listen" | "env">,
  written: string,
): { readonly path: string } | { readonly url: string } | undefined {
  const { listen, env } = context;
  if (written.startsWith("/")) {
    if (listen) return { path: written };
    const port = env["PORT"];
    return port === undefined || !/^\d+$/.test(port)
      ? undefined
      : { url: `http://127.0.0.1:${port}${written}` };
  }
  const parts =
    /^(https?):\/\/(?:[^/?#@\s]*@)?([^/?#@\s]+?)(?::(\d+))?([/?][^#\s]*)?(?:#\S*)?$/i.exec(written);
  if (parts === null) return undefined;
  const [, scheme = "http", host = "", port, rest = "/"] = parts;
  const number = port === undefined ? (scheme === "https" ? 443 : 80) : Number(port);
  const isOwn = listen?.port === number && (own.has(host) || host === listen.host);
  if (!isOwn || scheme !== "http") return { url: written };
  return { path: rest.startsWith("/") ? rest : `/${rest}` };
}

function addressParameters(context: ProbeScope, address: string | number): JsonRecord {
  const { host, port } = hostAndPort(address);
  const { listen } = context;
  const isOwn = listen?.port === port && (own.has(host) || host === listen.host);
  // Without a port the sensor takes that of the instance.
  return isOwn ? { host: "127.0.0.1" } : { host, port };
}

export function hostAndPort(address: string | number): { host: string; port: number } {
  const text = String(address);
  const colon = text.lastIndexOf(":");
  if (colon < 0) return { host: "127.0.0.1", port: Number(text) };
  return {
    host: text.slice(0, colon).replace(/^\[|\]$/g, ""),
    port: Number(text.slice(colon + 1)),
  };
}

interface WrittenRequest {
  readonly method?: string | undefined;
  readonly headers?: Parameters<typeof secretsOf>[2];
  readonly authorities?: string | undefined;
  readonly body?: string | undefined;
  readonly expect?: Expectation | undefined;
}

/** `method`, `headers`, `authorities`, `body` and `expect` of an HTTP look. */
export function requestParameters(
  scope: Scope,
  path: TreePath,
  written: WrittenRequest,
): JsonRecord {
  const { method = "GET", headers, authorities, body, expect = {} } = written;
  const { status = "2xx", body: content, headers: fields, json, max } = expect;
  return parametersOf({
    method: method.toUpperCase(),
    headers: secretsOf(scope, [...path, "headers"], headers).values,
    authorities: authoritiesOf(scope, [...path, "authorities"], authorities),
    body,
    expect: parametersOf({
      status: typeof status === "string" ? status : listOf<string | number>(status),
      body: content,
      headers: fields,
      json,
      maxMs: max === undefined ? undefined : msOf(max),
    }),
  });
}

export function commandParameters(
  command: readonly string[],
  expect: Expectation | undefined,
): JsonRecord {
  return parametersOf({
    command,
    expectExitCode: expect?.exit ?? 0,
    expectOutput: expect?.output,
  });
}

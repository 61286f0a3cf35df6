/** Reads a route from outside. Answers with the route, or with the reason why it is none. */
import type { Route, Upstream } from "../../model/index.ts";

const mostUpstreams = 1000;
/** The longest time a Node timer understands. */
const mostMs = 2 ** 31 - 1;
const states: readonly string[] = ["join", "serve", "drain", "eject"];

export function parseRoute(value: unknown): Route | string {
  if (!isRecord(value)) return "a route is an object";
  const { service, host = "127.0.0.1", port, upstreams, readyPath } = value;
  const { holdMs, timeoutMs, repeats = true } = value;
  if (!isName(service)) return "service: a text of 1 to 200 characters";
  if (!isName(host)) return "host: a text of 1 to 200 characters";
  if (!isPort(port)) return "port: a number from 1 to 65535";
  if (!isDuration(holdMs)) return "holdMs: milliseconds";
  if (!isDuration(timeoutMs) || timeoutMs === 0) return "timeoutMs: milliseconds above 0";
  if (typeof repeats !== "boolean") return "repeats: true or false";
  if (!Array.isArray(upstreams) || upstreams.length > mostUpstreams) {
    return `upstreams: a list of at most ${mostUpstreams}`;
  }
  if (!upstreams.every(isUpstream)) return "upstreams: each with id, port and state";
  if (new Set(upstreams.map(({ id }) => id)).size < upstreams.length) {
    return "upstreams: an id occurs twice";
  }
  const route: Route = { service, host, port, upstreams, holdMs, timeoutMs, repeats };
  if (readyPath === undefined) return route;
  if (typeof readyPath !== "string" || !/^\/[\x21-\x7e]*$/.test(readyPath)) {
    return "readyPath: begins with / and has no blanks";
  }
  return { ...route, readyPath };
}

function isUpstream(value: unknown): value is Upstream {
  if (!isRecord(value)) return false;
  const { id, port, state } = value;
  return isName(id) && isPort(port) && typeof state === "string" && states.includes(state);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= 200;
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535;
}

export function isDuration(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= mostMs;
}

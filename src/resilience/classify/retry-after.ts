/** When a dependency has said to come back, from the headers that its error carries. */
import { parseHttpDateMs } from "./http-date.ts";
import { read, readNumber } from "./read.ts";

/** More headers than anybody sends. */
const headerLimit = 200;

/** Milliseconds from now; undefined when nothing was said, or nothing that can be read. */
export function retryAfterOf(error: unknown, wallMs: () => number): number | undefined {
  for (const headers of [
    read(error, "headers"),
    read(error, "responseHeaders"),
    read(read(error, "response"), "headers"),
  ]) {
    const found = typeof headers === "object" && headers !== null && inHeaders(headers, wallMs);
    if (typeof found === "number") return found;
  }
  return ownRetryAfterOf(error);
}

/** As the error says of itself: the headers of ours are for clients, in whole seconds. */
export function ownRetryAfterOf(error: unknown): number | undefined {
  const own = readNumber(error, "retryAfterMs");
  return own !== undefined && own >= 0 ? own : undefined;
}

function inHeaders(headers: object, wallMs: () => number): number | undefined {
  const exactMs = plainNumber(header(headers, "retry-after-ms"));
  if (exactMs !== undefined) return exactMs;
  const said = header(headers, "retry-after");
  if (said === undefined) return undefined;
  const seconds = plainNumber(said);
  if (seconds !== undefined) return seconds * 1000;
  const dateMs = parseHttpDateMs(said);
  if (dateMs === undefined) return undefined;
  // Both stamps are the server's where it sent its own: its clock need not be ours.
  const nowMs = parseHttpDateMs(header(headers, "date") ?? "") ?? wallMs();
  return Math.max(0, dateMs - nowMs);
}

function plainNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}(\.\d{1,9})?$/.test(text.trim()) ? Number(text) : undefined;
}

/** Of a `Headers`, or of a record in any spelling; the first of several values. */
function header(headers: object, name: string): string | undefined {
  try {
    const get = read(headers, "get");
    const found: unknown =
      typeof get === "function" ? get.call(headers, name) : field(headers, name);
    const first: unknown = Array.isArray(found) ? found[0] : found;
    if (typeof first === "number") return String(first);
    return typeof first === "string" ? first.slice(0, 100) : undefined;
  } catch {
    return undefined;
  }
}

function field(headers: object, name: string): unknown {
  const record = headers as Record<string, unknown>;
  if (record[name] !== undefined) return record[name];
  const key = Object.keys(record)
    .slice(0, headerLimit)
    .find((each) => each.toLowerCase() === name);
  return key === undefined ? undefined : record[key];
}

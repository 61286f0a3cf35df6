/**
 * What a body of `application/health+json` says of itself: whether it fails, and which of its
 * checks do, in words that fit a line. It is a stranger's text, of which no shape is believed.
 *
 * J1. Never throws. What is no JSON, was cut, or names nothing that fails, has no words.
 * J2. Bounded, whatever the body has: so many checks, so long each.
 */
import type { IncomingHttpHeaders } from "node:http";
import { excerpt } from "../check-reading.ts";

/** Of an answer. */
export interface HealthBody {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const checksTold = 3;
const checksRead = 1000;
const failing: ReadonlySet<unknown> = new Set(["fail", "error", "down"]);

/** True for health+json whose `status` is that of a failure. */
export function saysItFails(body: HealthBody): boolean {
  return isFailing(memberOf(healthOf(body), "status"));
}

/** `database: connect ECONNREFUSED 127.0.0.1:5432; ...`, else the document's own `output`. */
export function healthWords(body: HealthBody): string | undefined {
  const health = healthOf(body);
  const found = failingChecks(memberOf(health, "checks"));
  if (found.length > 0) {
    const more = found.length - checksTold;
    const told = found.slice(0, checksTold);
    return [...told, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
  }
  const output = memberOf(health, "output");
  return typeof output === "string" && output.trim() !== "" ? excerpt(output, 240) : undefined;
}

function failingChecks(checks: unknown): readonly string[] {
  if (checks === null || typeof checks !== "object" || Array.isArray(checks)) return [];
  const told = new Set<string>();
  for (const [key, value] of Object.entries(checks).slice(0, checksRead)) {
    const all: readonly unknown[] = Array.isArray(value) ? value.slice(0, checksRead) : [value];
    for (const each of all) {
      if (!isFailing(memberOf(each, "status"))) continue;
      const output = memberOf(each, "output");
      const words = typeof output === "string" ? excerpt(output) : "";
      told.add(words === "" ? `${nameIn(key)} fails` : `${nameIn(key)}: ${words}`);
    }
  }
  return [...told];
}

/** The component of `component:measurement`, in which a colon is escaped. */
function nameIn(key: string): string {
  const [component = ""] = key.split(":");
  const name = component.replaceAll("%3A", ":").replaceAll("%25", "%");
  return excerpt(name === "" ? key : name, 60);
}

function healthOf({ headers, text }: HealthBody): unknown {
  if (!/^application\/health\+json\b/i.test(headers["content-type"] ?? "")) return undefined;
  return parseJson(text);
}

function isFailing(status: unknown): boolean {
  return typeof status === "string" && failing.has(status.toLowerCase());
}

/** Of its own only. */
export function memberOf(value: unknown, name: string): unknown {
  if (value === null || typeof value !== "object" || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Then it is no JSON, which is for the caller to judge.
    return undefined;
  }
}

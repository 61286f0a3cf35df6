/** What is wanted from outside, as settings with where they come from. */
import type { LimitName } from "../../kernel/index.ts";
import type { Entry, SettingName } from "../settings/index.ts";
import type { Said, Wish } from "./control-message.ts";

/** What values of it are from begins so. */
export const daemonSays = "the daemon";

const leaves: Readonly<Record<LimitName, SettingName>> = {
  timeoutMs: "timeoutMs",
  concurrency: "bulkhead.limit",
  perSecond: "rate.perSecond",
};

export function wishEntries({ mode, limits, said }: Wish): readonly Entry[] {
  const entries: Entry[] = [];
  if (mode !== undefined) {
    entries.push({ leaf: "mode", value: mode, key: "mode", from: sourceOf(said.get("mode")) });
  }
  for (const [operation, limit] of limits) {
    const from = sourceOf(said.get(`limit ${operation}`));
    for (const [name, leaf] of Object.entries(leaves) as [LimitName, SettingName][]) {
      const value = limit[name];
      if (value === undefined) continue;
      const key = `limits.${operation}.${name}`;
      entries.push(...placesOf(operation).map((place) => ({ ...place, leaf, value, key, from })));
    }
  }
  return entries;
}

/**
 * `mail.send` may be all that was wrapped as `mail.send`, or the method `send` of `mail`: limits
 * are told before anything is wrapped, and what fits nothing does nothing.
 */
function placesOf(operation: string): readonly Pick<Entry, "service" | "method">[] {
  const places: Pick<Entry, "service" | "method">[] = [{ service: operation }];
  for (let dot = operation.indexOf("."); dot > 0; dot = operation.indexOf(".", dot + 1)) {
    places.push({ service: operation.slice(0, dot), method: operation.slice(dot + 1) });
  }
  return places;
}

/** `the daemon (wanted by token since 2026-08-01T10:00:00Z, until 2026-08-01T11:00:00Z)` */
function sourceOf(said: Said | undefined): string {
  if (said === undefined) return daemonSays;
  const { by, at, until, reason } = said;
  const end = until === null ? "" : `, until ${stamp(until)}`;
  const because = reason === null ? "" : `: ${reason}`;
  return `${daemonSays} (wanted by ${by} since ${stamp(at)}${end}${because})`;
}

function stamp(wallMs: number): string {
  return new Date(Math.min(wallMs, 8.64e15)).toISOString();
}

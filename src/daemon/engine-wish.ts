/**
 * What is wanted of the engines in one service, as a value: how a change makes another one of it,
 * what is left of it by a time, how it is read from the disk, and what it is called for people.
 */
import {
  formatDuration,
  type LimitName,
  limitBounds,
  modes,
  SoulMirrorError,
} from "../kernel/index.ts";
import type { EngineSaid, EngineWish, EngineWishChange } from "../model/index.ts";

/** Isolated operations, providers and limits, of each so many. */
const partsMax = 100;

export const noWish: EngineWish = {
  version: 0,
  mode: null,
  isolated: {},
  providers: {},
  limits: {},
  said: {},
};

/** Throws CONFLICT where there is no room for it. */
export function changedWish(
  before: EngineWish,
  change: EngineWishChange,
  { by, at }: { readonly by: string; readonly at: number },
): EngineWish {
  const { mode, isolate, release, prefer, eject, readmit, limit, unlimit } = change;
  const isolated = new Map(Object.entries(before.isolated));
  const providers = new Map(Object.entries(before.providers));
  const limits = new Map(Object.entries(before.limits));
  const said = new Map(Object.entries(before.said));
  const until = change.forMs === undefined ? null : at + change.forMs;
  const note = (key: string, reason = change.reason ?? null): void => {
    said.set(key, { by, at, until, reason });
  };
  const reason = change.reason ?? "no reason was given";
  if (mode !== undefined) note("mode");
  if (mode === null) said.delete("mode");
  if (release !== undefined) {
    isolated.delete(release);
    said.delete(`isolate ${release}`);
  }
  if (isolate !== undefined) {
    isolated.set(isolate.operation, isolate.reason);
    note(`isolate ${isolate.operation}`, isolate.reason);
  }
  for (const [kind, provider] of [["prefer", prefer] as const, ["eject", eject] as const]) {
    if (provider === undefined) continue;
    providers.set(provider, { kind, reason });
    note(`provider ${provider}`);
  }
  if (readmit !== undefined) {
    providers.delete(readmit);
    said.delete(`provider ${readmit}`);
  }
  if (unlimit !== undefined) limits.delete(unlimit);
  if (limit !== undefined) {
    const { operation, ...parts } = limit;
    const joined = Object.entries({ ...limits.get(operation), ...defined(parts) });
    const left = joined.filter(([, value]) => value !== null);
    if (left.length === 0) limits.delete(operation);
    else limits.set(operation, Object.fromEntries(left));
    note(`limit ${operation}`);
  }
  for (const key of said.keys()) {
    if (key.startsWith("limit ") && !limits.has(key.slice("limit ".length))) said.delete(key);
  }
  if (Math.max(isolated.size, providers.size, limits.size) > partsMax) {
    throw new SoulMirrorError("CONFLICT", `there is no room for more than ${partsMax}`, {
      fix: "take back what need not be so any more",
    });
  }
  return {
    version: before.version + 1,
    mode: mode === undefined ? before.mode : mode,
    isolated: Object.fromEntries(isolated),
    providers: Object.fromEntries(providers),
    limits: Object.fromEntries(limits),
    said: Object.fromEntries(said),
  };
}

function defined<T extends object>(parts: T): Partial<T> {
  const entries = Object.entries(parts).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Partial<T>;
}

/** Without what was wanted for a time that is over. */
export function wishAt(wish: EngineWish, nowMs: number): EngineWish {
  const over = new Set(
    Object.entries(wish.said).flatMap(([key, { until }]) =>
      until !== null && until <= nowMs ? [key] : [],
    ),
  );
  if (over.size === 0) return wish;
  const left = <T>(parts: Readonly<Record<string, T>>, prefix = ""): Record<string, T> =>
    Object.fromEntries(Object.entries(parts).filter(([of]) => !over.has(`${prefix}${of}`)));
  return {
    version: wish.version,
    mode: over.has("mode") ? null : wish.mode,
    isolated: left(wish.isolated, "isolate "),
    providers: left(wish.providers, "provider "),
    limits: left(wish.limits, "limit "),
    said: left(wish.said),
  };
}

const units: Readonly<Record<LimitName, (value: number) => string>> = {
  timeoutMs: (value) => `a timeout of ${formatDuration(value)}`,
  concurrency: (value) => `${value} calls at once`,
  perSecond: (value) => `${value} calls per second`,
};

/** For people: `the mode monitor, the isolation of mail.send (it is down), for 30 m`. */
export function wishWords(change: EngineWishChange): string {
  const { mode, isolate, release, prefer, eject, readmit, limit, unlimit, reason, forMs } = change;
  const words = [
    ...(mode === undefined ? [] : [mode === null ? "no mode of its own" : `the mode ${mode}`]),
    ...(isolate === undefined ? [] : [`the isolation of ${isolate.operation} (${isolate.reason})`]),
    ...(release === undefined ? [] : [`the release of ${release}`]),
    ...(prefer === undefined ? [] : [`${prefer} asked first`]),
    ...(eject === undefined ? [] : [`${eject} not asked`]),
    ...(readmit === undefined ? [] : [`${readmit} asked as usual`]),
    ...(limit === undefined ? [] : [limitWords(limit)]),
    ...(unlimit === undefined ? [] : [`no limits for ${unlimit}`]),
    ...(forMs === undefined ? [] : [`for ${formatDuration(forMs)}`]),
  ].join(", ");
  return reason === undefined ? words : `${words} (${reason})`;
}

function limitWords({ operation, ...parts }: NonNullable<EngineWishChange["limit"]>): string {
  const words = (Object.keys(units) as LimitName[]).flatMap((name) => {
    const value = parts[name];
    if (value === undefined) return [];
    return [value === null ? `no limit of its own (${name})` : units[name](value)];
  });
  return `${words.join(" and ")} for ${operation}`;
}

/** Undefined: nobody can say what was wanted. */
export function wishesIn(text: string): Map<string, EngineWish> | undefined {
  try {
    const { version, wishes } = JSON.parse(text) as { version?: unknown; wishes?: unknown };
    if (version !== 1 || !isRecord(wishes)) return undefined;
    // What is not there was not known yet when it was written.
    const all = Object.entries(wishes).map(
      ([service, wish]) =>
        [service, { providers: {}, limits: {}, said: {}, ...(wish as object) }] as const,
    );
    return all.every(([, wish]) => isWish(wish))
      ? new Map(all as unknown as (readonly [string, EngineWish])[])
      : undefined;
  } catch {
    // Half a file, or somebody else's.
    return undefined;
  }
}

function isWish(value: unknown): value is EngineWish {
  const wish = (value ?? {}) as Partial<Record<keyof EngineWish, unknown>>;
  const { version, mode, isolated, providers, limits, said } = wish;
  return (
    Number.isSafeInteger(version) &&
    (mode === null || (modes as readonly unknown[]).includes(mode)) &&
    areAll(isolated, (reason) => typeof reason === "string") &&
    areAll(providers, isProviderWish) &&
    areAll(limits, isLimit) &&
    areAll(said, isSaid)
  );
}

function isProviderWish(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { kind, reason } = value;
  return (kind === "prefer" || kind === "eject") && typeof reason === "string";
}

function isLimit(value: unknown): boolean {
  return (
    areAll(value, (limit) => typeof limit === "number" && limit > 0) &&
    Object.keys(value as object).every((name) => name in limitBounds)
  );
}

function isSaid(value: unknown): boolean {
  const { by, at, until, reason } = (value ?? {}) as Partial<Record<keyof EngineSaid, unknown>>;
  return (
    typeof by === "string" &&
    typeof at === "number" &&
    (until === null || typeof until === "number") &&
    (reason === null || typeof reason === "string")
  );
}

function areAll(value: unknown, is: (member: unknown) => boolean): boolean {
  return isRecord(value) && Object.values(value).every(is);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

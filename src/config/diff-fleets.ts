/**
 * What would change if `after` took effect, for people (`lines`) and for the loop (`changes`).
 * Values that are secret, or may be, are never shown; that they differ is.
 */
import { canonicalJson, type Json } from "../kernel/index.ts";
import type { Fleet, ResourceSpec, ServiceSpec } from "./fleet.ts";
import { hidden, maskValue, showValue } from "./mask.ts";
import type { VaultSpec } from "./vault-spec.ts";

export interface FleetChange {
  readonly kind: "added" | "removed" | "changed";
  /** `service/trust-engine`, `http/shop`, or `fleet` for everything that concerns all. */
  readonly subject: string;
  readonly keys: readonly KeyChange[];
  readonly effect: "starts" | "stops" | "restarts" | "restarts_if_running" | "none";
}

export interface KeyChange {
  /** In the words of the effective fleet: `stop.graceMs`. */
  readonly key: string;
  /** Undefined: it was not there. */
  readonly before?: Json;
  readonly after?: Json;
}

export interface FleetDifference {
  readonly changes: readonly FleetChange[];
  readonly lines: readonly string[];
}

export function diffFleets(before: Fleet, after: Fleet): FleetDifference {
  const changes = [
    ...wholeChange(before, after),
    ...compare(before.services, after.services, serviceChange),
    ...compare(declared(before), declared(after), resourceChange),
    ...compare(before.vaults, after.vaults, (name, pair) => resourceChange(`vault/${name}`, pair)),
  ];
  return { changes, lines: changes.flatMap(linesOf) };
}

/** What watches a vault follows from the vault, and is no change of its own. */
function declared({ resources }: Fleet): Fleet["resources"] {
  return Object.fromEntries(Object.entries(resources).filter(([, { kind }]) => kind !== "vault"));
}

type Pair<T> = readonly [before: T | undefined, after: T | undefined];

function compare<T>(
  before: Readonly<Record<string, T>>,
  after: Readonly<Record<string, T>>,
  changeOf: (name: string, pair: Pair<T>) => FleetChange | undefined,
): readonly FleetChange[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => changeOf(name, [before[name], after[name]]) ?? []);
}

function wholeChange(before: Fleet, after: Fleet): readonly FleetChange[] {
  const keys = differences("", withoutParts(before), withoutParts(after));
  return keys.length === 0 ? [] : [{ kind: "changed", subject: "fleet", keys, effect: "none" }];
}

function withoutParts(fleet: Fleet): Json {
  const {
    services: _services,
    resources: _resources,
    vaults: _vaults,
    hash: _hash,
    ...rest
  } = fleet;
  return rest as unknown as Json;
}

function serviceChange(name: string, [before, after]: Pair<ServiceSpec>): FleetChange | undefined {
  const subject = `service/${name}`;
  if (before === undefined) return { kind: "added", subject, keys: [], effect: "starts" };
  if (after === undefined) return { kind: "removed", subject, keys: [], effect: "stops" };
  const keys = differences("", plain(before), plain(after));
  const isNew = before.hash !== after.hash;
  if (keys.length === 0 && !isNew) return undefined;
  const secret = new Set(Object.keys({ ...before.secrets, ...after.secrets }));
  const shown = keys.map((each) =>
    secret.has(each.key.replace(/^env\./, "")) ? blind(each) : each,
  );
  return { kind: "changed", subject, keys: shown, effect: isNew ? costOf(before) : "none" };
}

/** What has ended as it may stays so: no other configuration is a reason to do its work again. */
function costOf({ restart }: ServiceSpec): FleetChange["effect"] {
  return restart === "always" ? "restarts" : "restarts_if_running";
}

/** Of what no process of the fleet has to be started for. */
function resourceChange(
  id: string,
  [before, after]: Pair<ResourceSpec | VaultSpec>,
): FleetChange | undefined {
  if (before === undefined) return { kind: "added", subject: id, keys: [], effect: "none" };
  if (after === undefined) return { kind: "removed", subject: id, keys: [], effect: "none" };
  const keys = differences("", plain(before), plain(after));
  return keys.length === 0 ? undefined : { kind: "changed", subject: id, keys, effect: "none" };
}

function plain(spec: ServiceSpec | ResourceSpec | VaultSpec): Json {
  const { hash: _hash, secrets: _secrets, ...rest } = spec as ServiceSpec;
  return rest as unknown as Json;
}

function blind({ key, before, after }: KeyChange): KeyChange {
  return {
    key,
    ...(before === undefined ? {} : { before: hidden }),
    ...(after === undefined ? {} : { after: hidden }),
  };
}

/** Leaf by leaf; lists are compared whole. */
function differences(
  prefix: string,
  before: Json | undefined,
  after: Json | undefined,
): KeyChange[] {
  if (before !== undefined && after !== undefined) {
    if (canonicalJson(before) === canonicalJson(after)) return [];
    if (isRecord(before) && isRecord(after)) {
      const names = new Set([...Object.keys(before), ...Object.keys(after)]);
      return [...names].flatMap((name) =>
        differences(prefix === "" ? name : `${prefix}.${name}`, before[name], after[name]),
      );
    }
  }
  const path = prefix.split(".");
  return [
    {
      key: prefix,
      ...(before === undefined ? {} : { before: maskValue(path, before) }),
      ...(after === undefined ? {} : { after: maskValue(path, after) }),
    },
  ];
}

function isRecord(value: Json): value is { readonly [key: string]: Json } {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function tellEffect({ effect, subject }: FleetChange): string {
  switch (effect) {
    case "starts":
      return "is started";
    case "stops":
      return "is stopped";
    case "restarts":
      return "its instances are restarted, one after another";
    case "restarts_if_running": {
      const name = subject.slice("service/".length);
      return `is restarted where it runs; if it has ended, \`soulmirror start ${name}\` runs it again`;
    }
    case "none":
      return "no restart needed";
  }
}

const signs = { added: "+", removed: "-", changed: "~" } as const;

function linesOf(change: FleetChange): readonly string[] {
  const { kind, subject, keys } = change;
  const isService = subject.startsWith("service/");
  const tail = kind === "changed" || isService ? `: ${tellEffect(change)}` : "";
  // Masked already, when the difference was made.
  const show = (value: Json | undefined): string =>
    value === undefined ? "(not set)" : value === hidden ? hidden : showValue([], value);
  return [
    `${signs[kind]} ${subject} ${kind}${tail}`,
    ...keys.map(({ key, before, after }) => `    ${key}: ${show(before)} -> ${show(after)}`),
  ];
}

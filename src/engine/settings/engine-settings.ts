/**
 * What holds for an engine, its services and each of their methods, from all sources. Immutable: a
 * change of the configuration is another object.
 *
 * S1. The narrower place wins: method before service before engine.
 * S2. In one place the stronger source wins: code < files < environment < runtime.
 * S3. Except for modes and switches: of those the most restrictive wins, whoever said it and
 *     wherever. `switches.engine: false` is mode `off` for all.
 * S4. Operations that nobody has said anything about share one object: a hundred thousand of them
 *     cost nothing.
 */
import { type Mode, modes, strictest } from "../../kernel/index.ts";
import { builtIn } from "./built-in.ts";
import { type OperationSettings, operationSettings } from "./operation-settings.ts";
import {
  type CallValues,
  type EngineValues,
  type Entry,
  type Layer,
  type SettingName,
  type SettingValues,
  type SwitchName,
  switchNames,
} from "./setting.ts";

/** One effective value, and what it won over. */
export interface Explained {
  /** `breaker.failureThreshold` */
  readonly name: SettingName;
  readonly value: unknown;
  /** `built-in default`, `config/reliability.yml:3:14`, ... */
  readonly from: string;
  readonly overridden: readonly Pick<Entry, "value" | "from" | "key">[];
}

const order: readonly Layer["name"][] = ["code", "files", "environment", "runtime"];

interface Place {
  readonly service?: string | undefined;
  readonly method?: string | undefined;
}

export class EngineSettings {
  readonly layers: readonly Layer[];
  /** By place and name; the strongest first. */
  readonly #entries = new Map<string, readonly Entry[]>();
  readonly #places = new Set<string>();
  readonly #cache = new Map<string, OperationSettings>();
  /** Of calls that nobody has said anything about. */
  readonly defaults: OperationSettings;
  readonly switches: Readonly<Record<SwitchName, boolean>>;

  constructor(layers: readonly Layer[]) {
    this.layers = order.flatMap((name) => layers.filter((layer) => layer.name === name));
    for (const { entries } of this.layers.toReversed()) {
      for (const entry of entries.toReversed()) this.#add(entry);
    }
    const switches = {} as Record<SwitchName, boolean>;
    for (const name of switchNames) switches[name] = this.value(`switches.${name}`);
    this.switches = switches;
    this.defaults = this.#resolve({});
  }

  /** The mode of the engine as a whole. */
  get mode(): Mode {
    return this.defaults.mode;
  }

  /** A value of the engine as a whole. */
  value<K extends keyof EngineValues>(name: K): EngineValues[K] {
    return this.#find(name, [{}]).value as EngineValues[K];
  }

  /** What holds for `service.method`, or for a service whose method nobody names. */
  settingsOf(service: string, method?: string): OperationSettings {
    const ofMethod = placeKey({ service, method });
    const place = this.#places.has(ofMethod) ? { service, method } : { service };
    const key = placeKey(place);
    if (!this.#places.has(key)) return this.defaults;
    let known = this.#cache.get(key);
    if (known === undefined) {
      known = this.#resolve(place);
      this.#cache.set(key, known);
    }
    return known;
  }

  /** Every value that holds there, with where it comes from. */
  explain(service?: string, method?: string): readonly Explained[] {
    const places = placesOf({ service, method });
    return (Object.keys(builtIn) as SettingName[]).map((name) => this.#explained(name, places));
  }

  /** The same settings with another layer in the place of the one of that name. */
  with(layer: Layer): EngineSettings {
    return new EngineSettings([...this.layers.filter(({ name }) => name !== layer.name), layer]);
  }

  #resolve(place: Place): OperationSettings {
    const places = placesOf(place);
    const get = <K extends keyof CallValues>(name: K): CallValues[K] =>
      this.#find(name, places).value as CallValues[K];
    return operationSettings(get, this.#modeAt(places), this.switches);
  }

  #modeAt(places: readonly Place[]): Mode {
    const said = places.map((place) => this.#strictest("mode", [place]).value as Mode);
    const { engine, selfHealing } = this.switches;
    if (!engine) return "off";
    return strictest(selfHealing ? "full" : "monitor", ...said);
  }

  #find(name: SettingName, places: readonly Place[]): Pick<Entry, "value" | "from" | "key"> {
    if (isStrict(name)) return this.#strictest(name, places);
    for (const place of places) {
      const found = this.#entries.get(entryKey(place, name))?.[0];
      if (found !== undefined) return found;
    }
    return { value: builtIn[name], from: "built-in default", key: name };
  }

  /** S3. */
  #strictest(name: SettingName, places: readonly Place[]): Pick<Entry, "value" | "from" | "key"> {
    let best: Pick<Entry, "value" | "from" | "key"> | undefined;
    for (const entry of places.flatMap((place) => this.#entries.get(entryKey(place, name)) ?? [])) {
      if (best === undefined || rankOf(entry.value) < rankOf(best.value)) best = entry;
    }
    return best ?? { value: builtIn[name], from: "built-in default", key: name };
  }

  #explained(name: SettingName, places: readonly Place[]): Explained {
    const { value, from, key } = this.#find(name, places);
    const all = places.flatMap((place) => this.#entries.get(entryKey(place, name)) ?? []);
    const overridden = all.filter((entry) => entry.from !== from || entry.key !== key);
    if (name === "mode" && this.#modeAt(places) !== value) {
      const off = this.#find(this.switches.engine ? "switches.selfHealing" : "switches.engine", [
        {},
      ]);
      return { name, value: this.#modeAt(places), from: off.from, overridden: all };
    }
    return { name, value, from, overridden };
  }

  #add(entry: Entry): void {
    const key = entryKey(entry, entry.leaf);
    this.#entries.set(key, [...(this.#entries.get(key) ?? []), entry]);
    if (entry.service === undefined) return;
    this.#places.add(placeKey({ service: entry.service }));
    this.#places.add(placeKey(entry));
  }
}

/** What differs between two settings, in the words of whoever set it. */
export interface SettingChange {
  readonly key: string;
  readonly service?: string | undefined;
  readonly method?: string | undefined;
  readonly name: SettingName;
  readonly before: unknown;
  readonly after: unknown;
  readonly from: string;
}

/** Every effective value that is another one afterwards, wherever somebody had said something. */
export function changesBetween(
  before: EngineSettings,
  after: EngineSettings,
): readonly SettingChange[] {
  return placesToCompare(before, after).flatMap(({ service, method }) => {
    const old = new Map(before.explain(service, method).map((each) => [each.name, each]));
    return after.explain(service, method).flatMap(({ name, value, from }): SettingChange[] => {
      const was = old.get(name)?.value;
      if (JSON.stringify(was) === JSON.stringify(value)) return [];
      const isInherited =
        service !== undefined && !isSaidThere(before, after, { service, method, name });
      if (isInherited) return [];
      const key = [service, method, name].filter((part) => part !== undefined).join(".");
      return [{ key, service, method, name, before: was, after: value, from }];
    });
  });
}

/** Where somebody says something else; when that is of the whole engine, wherever anybody does. */
function placesToCompare(before: EngineSettings, after: EngineSettings): readonly Place[] {
  const [old, now] = [saidIn(before, after), saidIn(after, before)];
  const changed = new Map<string, Place>();
  for (const [said, others] of [[old, now] as const, [now, old] as const]) {
    for (const [key, place] of said) if (!others.has(key)) changed.set(placeKey(place), place);
  }
  if (!changed.has(placeKey({}))) return [...changed.values()];
  const all = new Map<string, Place>([[placeKey({}), {}]]);
  for (const { entries } of [...before.layers, ...after.layers]) {
    for (const { service, method } of entries) {
      all.set(placeKey({ service, method }), { service, method });
    }
  }
  return [...all.values()];
}

/** Everything that layers say which the others do not share. */
function saidIn(settings: EngineSettings, others: EngineSettings): ReadonlyMap<string, Place> {
  const own = settings.layers.filter((layer) => !others.layers.includes(layer));
  const said = new Map<string, Place>();
  for (const { name, entries } of own) {
    for (const { service, method, leaf, value } of entries) {
      const place = { service, method };
      said.set(`${name}\0${entryKey(place, leaf)}\0${JSON.stringify(value)}`, place);
    }
  }
  return said;
}

function isSaidThere(
  before: EngineSettings,
  after: EngineSettings,
  { service, method, name }: Place & { readonly name: SettingName },
): boolean {
  return [before, after].some(({ layers }) =>
    layers.some(({ entries }) =>
      entries.some((e) => e.leaf === name && e.service === service && e.method === method),
    ),
  );
}

function isStrict(name: SettingName): boolean {
  return name === "mode" || name.startsWith("switches.");
}

function rankOf(value: SettingValues[SettingName] | undefined): number {
  return typeof value === "boolean" ? Number(value) : modes.indexOf(value as Mode);
}

/** Narrowest first. */
function placesOf({ service, method }: Place): readonly Place[] {
  const places: Place[] = [{}];
  if (service !== undefined) places.unshift({ service });
  if (service !== undefined && method !== undefined) places.unshift({ service, method });
  return places;
}

function placeKey({ service, method }: Place): string {
  return `${service ?? ""}\0${method ?? ""}`;
}

function entryKey(place: Place, name: SettingName): string {
  return `${placeKey(place)}\0${name}`;
}

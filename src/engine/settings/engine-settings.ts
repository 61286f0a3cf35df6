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
 * S5. What is declared of one service costs as much as is said of that service, however many others
 *     there are: the newest object has the table of services, an older one knows how to get there.
 */
import { type Mode, modes, strictest } from "../../kernel/index.ts";
import { redactAddress } from "../redact-address.ts";
import { builtIn } from "./built-in.ts";
import { type OperationSettings, operationSettings } from "./operation-settings.ts";
import { nothingSaid, type Said, saidIn } from "./said.ts";
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

import type { SettingProblem } from "./setting-problem.ts";

/** One effective value, and what it won over. */
export interface Explained {
  /** `breaker.failureThreshold` */
  readonly name: SettingName;
  readonly value: unknown;
  /** `built-in default`, `config/reliability.yml:3:14`, ... */
  readonly from: string;
  readonly overridden: readonly Pick<Entry, "value" | "from" | "key">[];
}

interface Place {
  readonly service?: string | undefined;
  readonly method?: string | undefined;
}

/** S5: what has become of an object that is not the newest. */
interface Successor {
  readonly following: () => Successor | undefined;
  readonly service: string;
  /** What was said of that service before. */
  readonly said: Said | undefined;
}

/** What values that nobody has set are from. */
export const builtInDefault = "built-in default";

const names = Object.keys(builtIn) as readonly SettingName[];

export class EngineSettings {
  readonly #whole: Said;
  readonly #services: Map<string, Said>;
  #successor: Successor | undefined;
  /** Of calls that nobody has said anything about. */
  readonly defaults: OperationSettings;
  readonly switches: Readonly<Record<SwitchName, boolean>>;

  /** @param from layers, or settings of which those of services are taken over. */
  constructor(from: readonly Layer[] | EngineSettings) {
    if (from instanceof EngineSettings) {
      this.#whole = from.#whole;
      this.#services = from.#services;
      this.switches = from.switches;
      this.defaults = from.defaults;
      return;
    }
    const { whole, services } = saidIn(from);
    this.#whole = whole;
    this.#services = services;
    const switches = {} as Record<SwitchName, boolean>;
    for (const name of switchNames) switches[name] = this.value(`switches.${name}`);
    this.switches = switches;
    this.defaults = this.#resolve({});
  }

  /** The mode of the engine as a whole. */
  get mode(): Mode {
    return this.defaults.mode;
  }

  /** The services that somebody has said something of. */
  get services(): readonly string[] {
    const unsaid = new Set<string>();
    for (const { service } of successorsOf(this.#successor)) {
      if (this.#saidOf(service) === undefined) unsaid.add(service);
    }
    return [...this.#services.keys()].filter((service) => !unsaid.has(service));
  }

  /** A value of the engine as a whole. */
  value<K extends keyof EngineValues>(name: K): EngineValues[K] {
    return this.#find(name, [{}]).value as EngineValues[K];
  }

  /** What holds for `service.method`, or for a service whose method nobody names. */
  settingsOf(service: string, method?: string): OperationSettings {
    const said = this.#saidOf(service);
    if (said === undefined) return this.defaults;
    const named = said.methods.has(method) ? method : undefined;
    let known = said.settings.get(named);
    if (known === undefined) {
      known = this.#resolve({ service, method: named });
      said.settings.set(named, known);
    }
    return known;
  }

  /** Somebody has set it for that very place, and not for a wider one. */
  saysOf(name: SettingName, place: Place): boolean {
    return this.#at(place, name).length > 0;
  }

  /** Where the value that holds of this place alone is said; undefined: nobody has said one. */
  saidMost(
    name: SettingName,
    place: Place,
  ): Pick<SettingProblem, "file" | "line" | "column" | "key"> | undefined {
    if (!this.saysOf(name, place)) return undefined;
    return placeIn(this.#find(name, [place]));
  }

  /** Somebody has said there, wider or narrower which parts may act in mode `limited`. */
  namesParts({ service, method }: Place): boolean {
    const isSaid = (place: Place): boolean => this.saysOf("limitedTo", place);
    if (placesOf({ service, method }).some(isSaid)) return true;
    const below = service === undefined ? this.services : [service];
    return (
      method === undefined &&
      below.some((each) => {
        const places = [undefined, ...this.methodsOf(each)];
        return places.some((inside) => isSaid({ service: each, method: inside }));
      })
    );
  }

  /** Every value that holds there, with where it comes from; addresses without their secrets. */
  explain(service?: string, method?: string): readonly Explained[] {
    const places = placesOf({ service, method });
    return names.map((name) => withoutSecrets(this.#explained(name, places)));
  }

  /** The methods that somebody has said something of. */
  methodsOf(service: string): readonly string[] {
    return [...(this.#saidOf(service)?.methods ?? [])].filter((method) => method !== undefined);
  }

  /** Where it is said of `service`, or of its method: the strongest place. */
  placeOf(
    service: string,
    method?: string,
  ): Pick<SettingProblem, "file" | "line" | "column" | "key"> | undefined {
    for (const { entries } of this.#saidOf(service)?.parts.toReversed() ?? []) {
      const said = entries.find((entry) => method === undefined || entry.method === method);
      if (said !== undefined) return placeIn(said);
    }
    return undefined;
  }

  /** The same settings with this said in code of `service`, and nothing else (S5). */
  declared(service: string, entries: readonly Entry[]): EngineSettings {
    const next = new EngineSettings(this.#successor === undefined ? this : this.#copy());
    const said = next.#services.get(service);
    next.#services.set(service, (said ?? nothingSaid).with({ name: "code", entries }));
    if (next.#services === this.#services) {
      this.#successor = { following: () => next.#successor, service, said };
    }
    return next;
  }

  /** Every value that is another one in `after`, wherever somebody had said something. */
  changesTo(after: EngineSettings): readonly SettingChange[] {
    const changed = after.#whole.differences(this.#whole).size > 0;
    const services = new Set([...this.services, ...after.services]);
    const ofWhole = changed ? this.#changesAt({}, after) : [];
    return [
      ...ofWhole,
      ...[...services].flatMap((service) => this.changesOf(service, after, changed)),
    ];
  }

  /** The same of one service. @param isAll also of what is said of it as before. */
  changesOf(service: string, after: EngineSettings, isAll = false): readonly SettingChange[] {
    const [old, now] = [this.#saidOf(service), after.#saidOf(service)];
    if (old === now && !isAll) return [];
    const methods = isAll
      ? new Set([...(old?.methods ?? []), ...(now?.methods ?? [])])
      : (now ?? nothingSaid).differences(old);
    return [...methods].flatMap((method) => this.#changesAt({ service, method }, after));
  }

  #changesAt(place: Place, after: EngineSettings): readonly SettingChange[] {
    const { service, method } = place;
    const places = placesOf(place);
    return names.flatMap((name): SettingChange[] => {
      const isSaidThere = this.#at(place, name).length + after.#at(place, name).length > 0;
      if (service !== undefined && !isSaidThere) return [];
      const was = this.#explained(name, places).value;
      const { value, from } = after.#explained(name, places);
      if (JSON.stringify(was) === JSON.stringify(value)) return [];
      const key = [service, method, name].filter((part) => part !== undefined).join(".");
      const [before, now] = [shownOf(name, was), shownOf(name, value)];
      return [{ key, service, method, name, before, after: now, from }];
    });
  }

  /** With a table of its own. */
  #copy(): EngineSettings {
    const layers = [this.#whole, ...this.services.map((service) => this.#saidOf(service))];
    return new EngineSettings(layers.flatMap((said) => said?.parts ?? []));
  }

  #saidOf(service: string | undefined): Said | undefined {
    if (service === undefined) return this.#whole;
    for (const later of successorsOf(this.#successor)) {
      if (later.service === service) return later.said;
    }
    // The table is the newest one's, and the same for all.
    return this.#services.get(service);
  }

  #at({ service, method }: Place, name: SettingName): readonly Entry[] {
    return this.#saidOf(service)?.of(method, name) ?? [];
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
      const [found] = this.#at(place, name);
      if (found !== undefined) return found;
    }
    return { value: builtIn[name], from: builtInDefault, key: name };
  }

  /** S3. */
  #strictest(name: SettingName, places: readonly Place[]): Pick<Entry, "value" | "from" | "key"> {
    let best: Pick<Entry, "value" | "from" | "key"> | undefined;
    for (const entry of places.flatMap((place) => this.#at(place, name))) {
      if (best === undefined || rankOf(entry.value) < rankOf(best.value)) best = entry;
    }
    return best ?? { value: builtIn[name], from: builtInDefault, key: name };
  }

  #explained(name: SettingName, places: readonly Place[]): Explained {
    const { value, from, key } = this.#find(name, places);
    const all = places.flatMap((place) => this.#at(place, name));
    const overridden = all.filter((entry) => entry.from !== from || entry.key !== key);
    if (name === "mode" && this.#modeAt(places) !== value) {
      const off = this.#find(this.switches.engine ? "switches.selfHealing" : "switches.engine", [
        {},
      ]);
      return { name, value: this.#modeAt(places), from: off.from, overridden: all };
    }
    return { name, value, from, overridden };
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

function* successorsOf(first: Successor | undefined): Generator<Successor> {
  for (let at = first; at !== undefined; at = at.following()) yield at;
}

function withoutSecrets({ name, value, from, overridden }: Explained): Explained {
  const others = overridden.map((other) => ({ ...other, value: shownOf(name, other.value) }));
  return { name, value: shownOf(name, value), from, overridden: others as Explained["overridden"] };
}

/** Of these addresses any part may be a secret but the scheme and the host. */
function shownOf(name: SettingName, value: unknown): unknown {
  if (typeof value !== "string") return value;
  if (name === "healthCheck" || name === "address") return redactAddress(value);
  if (name !== "telemetry.redisUrl" && name !== "alerts.webhookUrl") return value;
  if (!URL.canParse(value)) return "***";
  const { protocol, host } = new URL(value);
  return `${protocol}//${host}`;
}

function placeIn({
  from,
  key,
}: Pick<Entry, "from" | "key">): Pick<SettingProblem, "file" | "line" | "column" | "key"> {
  const [, file = from, line = 0, column = 0] = /^(.*):(\d+):(\d+)$/.exec(from) ?? [];
  return { file, line: Number(line), column: Number(column), key };
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

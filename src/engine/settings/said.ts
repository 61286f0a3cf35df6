/**
 * What all sources together say of one service and its methods, or of the engine as a whole; with
 * what follows from it, which is worked out when it is first asked for.
 */
import type { OperationSettings } from "./operation-settings.ts";
import type { Entry, Layer, SettingName } from "./setting.ts";

/** The strongest last. */
const layerOrder: readonly Layer["name"][] = ["code", "files", "environment", "runtime"];

export class Said {
  /** The strongest last. */
  readonly parts: readonly Layer[];
  /** By method; undefined: the service as a whole. */
  readonly settings: Map<string | undefined, OperationSettings> = new Map();
  /** By method and name; the strongest first. */
  readonly #entries = new Map<string, Entry[]>();
  readonly #methods = new Set<string | undefined>();

  /** @param parts of one service alone, the strongest last. */
  constructor(parts: readonly Layer[]) {
    this.parts = parts;
    for (const { entries } of parts.toReversed()) {
      for (const entry of entries.toReversed()) this.#add(entry);
    }
  }

  /** The places that somebody has named; undefined: the service as a whole. */
  get methods(): ReadonlySet<string | undefined> {
    return this.#methods;
  }

  of(method: string | undefined, name: SettingName): readonly Entry[] {
    return this.#entries.get(keyOf(method, name)) ?? nothing;
  }

  /** The same with other entries in the place of one layer. */
  with({ name, entries }: Layer): Said {
    const parts = layerOrder.flatMap((each): readonly Layer[] => {
      if (each === name) return [{ name, entries }];
      return this.parts.filter((part) => part.name === each);
    });
    return new Said(parts);
  }

  /** Which of its methods are said something else of than in `other`. */
  differences(other: Said | undefined): ReadonlySet<string | undefined> {
    const [own, others] = [this.words, (other ?? nothingSaid).words];
    const changed = new Set<string | undefined>();
    for (const [said, method] of own) if (!others.has(said)) changed.add(method);
    for (const [said, method] of others) if (!own.has(said)) changed.add(method);
    return changed;
  }

  /** Each thing that is said, with the method of which. */
  get words(): ReadonlyMap<string, string | undefined> {
    const words = new Map<string, string | undefined>();
    for (const { name, entries } of this.parts) {
      for (const { method, leaf, value } of entries) {
        words.set(`${name}\0${keyOf(method, leaf)}\0${JSON.stringify(value)}`, method);
      }
    }
    return words;
  }

  #add(entry: Entry): void {
    const key = keyOf(entry.method, entry.leaf);
    const known = this.#entries.get(key);
    if (known === undefined) this.#entries.set(key, [entry]);
    else known.push(entry);
    this.#methods.add(entry.method);
  }
}

const nothing: readonly Entry[] = [];
export const nothingSaid: Said = new Said([]);

/** Of the engine as a whole, and by service. */
export function saidIn(layers: readonly Layer[]): {
  readonly whole: Said;
  readonly services: Map<string, Said>;
} {
  const parts = new Map<string | undefined, Map<Layer["name"], Entry[]>>();
  for (const name of layerOrder) {
    for (const layer of layers) {
      if (layer.name !== name) continue;
      for (const entry of layer.entries) partOf(parts, entry.service, name).push(entry);
    }
  }
  let whole = nothingSaid;
  const services = new Map<string, Said>();
  for (const [service, own] of parts) {
    const said = new Said([...own].map(([name, entries]) => ({ name, entries })));
    if (service === undefined) whole = said;
    else services.set(service, said);
  }
  return { whole, services };
}

function partOf(
  parts: Map<string | undefined, Map<Layer["name"], Entry[]>>,
  service: string | undefined,
  name: Layer["name"],
): Entry[] {
  let own = parts.get(service);
  if (own === undefined) parts.set(service, (own = new Map<Layer["name"], Entry[]>()));
  let entries = own.get(name);
  if (entries === undefined) own.set(name, (entries = []));
  return entries;
}

function keyOf(method: string | undefined, name: SettingName): string {
  return `${method ?? ""}\0${name}`;
}

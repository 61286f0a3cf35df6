/**
 * Whether what is configured concerns anything: a name that is written wrongly would protect
 * nothing, and say nothing.
 *
 * U1. A method that no target of its service has is a mistake, told when the target is wrapped. It
 *     is told a moment later: several targets may have one name.
 * U2. A service that is not wrapped here may be another process's: it is listed, and no mistake.
 * U3. What cannot be known is not complained about: proxies, getters, targets that are gone, names
 *     with very many targets, classes of which there is no instance yet.
 * U4. Nor about what the daemon says: it is checked there, and it stands for every place that the
 *     name of an operation may mean.
 * U5. What does nothing and looks as if it did is a mistake: mode `limited` without a word of what
 *     may act (of the engine as a whole as long as no service names its parts), a delay above the
 *     longest one.
 */
import { adviceFor, nearest } from "../../kernel/index.ts";
import { builtIn, type EngineSettings, type SettingProblem } from "../settings/index.ts";
import { findMethod, type LookedAt, makesInstances, methodNamesOf } from "../wrap/methods-of.ts";
import { idleValues, isFromOutside } from "./idle-values.ts";

const servicesMax = 100_000;
const targetsMax = 8;
/** Of so many the names are looked at, for advice. */
const doubtedMax = 1000;

interface Wrapped {
  /** U3: undefined when there were too many. */
  targets: readonly { readonly target: WeakRef<object>; readonly depth: number }[] | undefined;
  /** A class was wrapped, and nobody has made an instance. */
  isWaiting: boolean;
}

export interface SettingsInUseParts {
  readonly settings: () => EngineSettings;
  /** Whether calls are counted under that name without a wrapper. */
  readonly isCalled: (service: string) => boolean;
  /** There are other mistakes than before. */
  readonly onChange: () => void;
}

export class SettingsInUse {
  readonly #parts: SettingsInUseParts;
  readonly #wrapped = new Map<string, Wrapped>();
  readonly #mistakes = new Map<string, readonly SettingProblem[]>();
  /** U5, of the engine as a whole; undefined: to be looked at. */
  #whole: readonly SettingProblem[] | undefined;
  #isTelling = false;

  constructor(parts: SettingsInUseParts) {
    this.#parts = parts;
  }

  /** Methods that are configured and that no target has (U1), and parts that nobody names (U5). */
  get mistakes(): readonly SettingProblem[] {
    this.#whole ??= idleValues(this.#parts.settings());
    return [...this.#whole, ...[...this.#mistakes.values()].flat()];
  }

  /** Services that are configured and not wrapped here (U2). */
  unused(): readonly SettingProblem[] {
    const settings = this.#parts.settings();
    return settings.services.flatMap((service): SettingProblem[] => {
      if (this.isInUse(service)) return [];
      const place = settings.placeOf(service);
      if (place === undefined || isFromOutside(place)) return [];
      const near = nearest(service, [...this.#wrapped.keys()]);
      const fix =
        near === undefined ? "wrap it, or leave it to its process" : `did you mean "${near}"?`;
      return [{ ...place, message: `"${service}" is not wrapped here`, fix }];
    });
  }

  /** It was wrapped, or is called. */
  isInUse(service: string): boolean {
    return this.#wrapped.has(service) || this.#parts.isCalled(service);
  }

  /** What was asked for and that nobody knows, one sentence each, with what may be meant. */
  unknown(service: string | undefined, method: string | undefined): readonly string[] {
    if (service === undefined) return [];
    const settings = this.#parts.settings();
    const known = [...new Set([...this.#wrapped.keys(), ...settings.services])];
    if (!known.includes(service) && !this.#parts.isCalled(service)) {
      return [`there is no service "${service}" here: ${adviceOn(service, known)}`];
    }
    if (method === undefined || settings.methodsOf(service).includes(method)) return [];
    const targets = this.#targetsOf(service) ?? [];
    const isMissing = targets.every((each) => findMethod(each, method) === "missing");
    if (targets.length === 0 || !isMissing) return [];
    const advice = adviceFor(method, targets.flatMap(methodNamesOf));
    return [`"${service}" has no method "${method}": ${advice}`];
  }

  /** What may be wrong with the name of an operation, as far as it can be known (U3). */
  doubtOf(operation: string): string | undefined {
    const services = [...this.#wrapped.keys()];
    const owners = services.filter(
      (each) => operation === each || operation.startsWith(`${each}.`),
    );
    const known: string[] = [];
    for (const service of services.slice(0, doubtedMax)) {
      const targets = this.#targetsOf(service);
      const isOwner = owners.includes(service);
      if (isOwner && targets === undefined) return undefined;
      const method = operation.slice(service.length + 1);
      const mayBe = (each: LookedAt): boolean =>
        method === "" ? typeof each.target === "function" : findMethod(each, method) !== "missing";
      if (isOwner && targets?.some(mayBe) === true) return undefined;
      for (const each of targets ?? []) {
        if (typeof each.target === "function") known.push(service);
        known.push(...methodNamesOf(each).map((name) => `${service}.${name}`));
      }
    }
    const advice = known.length === 0 ? "wrap what it means" : adviceFor(operation, known);
    return `nothing here is called "${operation}" yet: ${advice}`;
  }

  wrapped(service: string, { target, depth }: LookedAt): void {
    let known = this.#wrapped.get(service);
    if (known === undefined) {
      if (this.#wrapped.size >= servicesMax) return;
      known = { targets: [], isWaiting: false };
      this.#wrapped.set(service, known);
    }
    if (makesInstances(target)) known.isWaiting = true;
    if (known.targets !== undefined) {
      const isFull = known.targets.length >= targetsMax;
      const more = { target: new WeakRef(target), depth };
      known.targets = isFull ? undefined : [...known.targets, more];
    }
    this.#look(service);
  }

  /** The first instance of a class that was wrapped. */
  made(service: string, looked: LookedAt): void {
    const known = this.#wrapped.get(service);
    if (known === undefined) return;
    known.isWaiting = false;
    known.targets = known.targets?.filter(({ target }) => !makesInstances(target.deref() ?? {}));
    this.wrapped(service, looked);
  }

  /** The settings have changed: of these services, or of all. */
  changed(services?: Iterable<string>): void {
    // What is said of one service takes this mistake away, and makes none.
    if (services === undefined || this.#whole?.length !== 0) this.#whole = undefined;
    const those = services ?? this.#parts.settings().services;
    for (const service of [...those, ...this.#mistakes.keys()]) this.#look(service);
  }

  #look(service: string): void {
    const settings = this.#parts.settings();
    const methods = settings.methodsOf(service);
    const before = this.#mistakes.get(service);
    const idle = this.#wrapped.has(service) ? idleValues(settings, service) : [];
    if (methods.length + idle.length === 0 && before === undefined) return;
    const targets = this.#targetsOf(service) ?? [];
    const isKnown = targets.length > 0;
    const missing = methods.flatMap((method) =>
      isKnown ? this.#mistake(service, method, targets) : [],
    );
    const mistakes = [...idle, ...missing];
    if (mistakes.length === 0) this.#mistakes.delete(service);
    else this.#mistakes.set(service, mistakes);
    if (before !== undefined || this.#mistakes.has(service)) this.#tellLater();
  }

  #targetsOf(service: string): readonly LookedAt[] | undefined {
    const known = this.#wrapped.get(service);
    if (known?.targets === undefined || known.isWaiting || known.targets.length === 0)
      return undefined;
    const targets: LookedAt[] = [];
    for (const { target, depth } of known.targets) {
      const there = target.deref();
      if (there === undefined) return undefined;
      targets.push({ target: there, depth });
    }
    return targets;
  }

  #mistake(service: string, method: string, targets: readonly LookedAt[]): SettingProblem[] {
    if (targets.some((each) => findMethod(each, method) !== "missing")) return [];
    const place = this.#parts.settings().placeOf(service, method);
    if (place === undefined || isFromOutside(place)) return [];
    const fix = adviceFor(method, targets.flatMap(methodNamesOf));
    return [{ ...place, message: `"${service}" has no method "${method}"`, fix }];
  }

  #tellLater(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      this.#parts.onChange();
    });
  }
}

function adviceOn(word: string, services: readonly string[]): string {
  if (Object.hasOwn(builtIn, word)) return "it is a setting; name the service that it is for";
  const owner = services.find((service) => word.startsWith(`${service}.`));
  if (owner !== undefined) {
    const method = word.slice(owner.length + 1);
    return `write explain(${JSON.stringify(owner)}, ${JSON.stringify(method)})`;
  }
  if (services.length === 0) return "nothing is wrapped or configured yet";
  return adviceFor(word, services);
}

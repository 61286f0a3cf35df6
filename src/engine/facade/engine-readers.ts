/** How the options of an engine's own methods are read. */
import { types } from "node:util";
import {
  adviceFor,
  callbackOption,
  checkArgument,
  durationOption,
  type OptionPlace,
  type OptionReader,
  optionsOf,
  requiredOption,
  textOption,
  wholeOption,
  wordOption,
} from "../../kernel/index.ts";
import type { BreakerStateStore } from "../breaker-states/index.ts";
import type { SamplingMode } from "../core/sampling.ts";
import { type EventName, eventNames } from "../events.ts";
import type { HealthCheck } from "../health/index.ts";
import { handedMonitorReaders } from "../monitors/index.ts";
import { modeOption } from "../options.ts";
import type { RecoveryStore } from "../recovery/index.ts";
import { engineOptionReaders, serviceOptionReaders } from "../settings/index.ts";
import { findMethod, type LookedAt, methodNamesOf } from "../wrap/methods-of.ts";

const wrapShape = {
  ...serviceOptionReaders,
  depth: wholeOption({ min: 1, max: 10 }),
  fallback: callbackOption<(error: unknown) => unknown>(),
};
const means = callbackOption<(signal: AbortSignal) => unknown>();
const stall = durationOption({ min: 20 });

export const engineReaders = {
  engine: optionsOf({
    ...engineOptionReaders,
    ...handedMonitorReaders,
    service: textOption(),
    config: textOption(),
    sampling: wordOption<SamplingMode>(["adaptive", "every"]),
    breakerStates: storeOption,
    recoveries: recordOption,
    database: textOption({ max: 4096 }),
  }),
  wrap: optionsOf(wrapShape),
  register: optionsOf({
    ...wrapShape,
    check: callbackOption<HealthCheck>(),
    recovery: optionsOf({ reconnect: means, restart: means, failover: means }),
  }),
  subject: optionsOf({
    name: requiredOption(textOption()),
    target: requiredOption(objectOption),
  }),
  mode: optionsOf({ mode: requiredOption(modeOption) }),
  optimize: optionsOf({ apply: textOption(), undo: textOption() }),
  watch: optionsOf({
    stalls: (value: unknown, place: OptionPlace) => (value === false ? 0 : stall(value, place)),
  }),
};

export const nameOption: OptionReader<string> = textOption();

/** What is handed to `on`: @throws SoulMirrorError OPTIONS_INVALID */
export function checkListener(name: EventName, listener: unknown): void {
  checkArgument(["on", "name"], name, wordOption(eventNames));
  checkArgument(["on", "listener"], listener, callbackOption());
}

/** Names below `methods` that what is wrapped does not have. */
export function methodsOption(looked: LookedAt): OptionReader<void> {
  return (methods, place) => {
    for (const name of Object.keys(methods ?? {})) {
      if (findMethod(looked, name) !== "missing") continue;
      const depth = name.split(".").length;
      const isDeeper = findMethod({ target: looked.target, depth }, name) !== "missing";
      const advice = isDeeper ? `add \`depth: ${depth}\`` : adviceFor(name, methodNamesOf(looked));
      place.at("methods").at(name).say(`what is wrapped has no method "${name}"`, advice);
    }
  };
}

function objectOption(value: unknown, place: OptionPlace): object {
  const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
  if (!isObject) place.wrong(value, "an object, a function or a class", "wrap what has methods");
  else if (isPlainPromise(value)) {
    place.say("expected what a promise is for, found the promise itself", "await it first");
  }
  return value as object;
}

/** Nothing of it is a method of a service. Those of a class of their own have more to them. */
function isPlainPromise(value: unknown): boolean {
  if (!types.isPromise(value) || Object.getPrototypeOf(value) !== Promise.prototype) return false;
  return Object.getOwnPropertyNames(value).length === 0;
}

function storeOption(value: unknown, place: OptionPlace): BreakerStateStore | string {
  if (typeof value === "string" && value !== "") return value;
  const { load, save } = (value ?? {}) as Partial<BreakerStateStore>;
  const isStore = typeof load === "function" && typeof save === "function";
  if (!isStore) place.wrong(value, "a store or the path of a file", "write the path of a file");
  return value as BreakerStateStore;
}

function recordOption(value: unknown, place: OptionPlace): RecoveryStore | string {
  if (typeof value === "string" && value !== "") return value;
  const { putFailure, putAction } = (value ?? {}) as Partial<RecoveryStore>;
  const isStore = typeof putFailure === "function" && typeof putAction === "function";
  if (!isStore) place.wrong(value, "a store or the path of a file", "write the path of a file");
  return value as RecoveryStore;
}

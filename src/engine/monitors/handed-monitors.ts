/** Monitors and daemons as `createEngine` and `adoptMonitor` take them. */
import {
  flagOption,
  namedOption,
  type OptionPlace,
  type OptionReader,
  optionsOf,
  SoulMirrorError,
  textOption,
} from "../../kernel/index.ts";

export interface HandedMonitors {
  /** Monitors that are there already, by name: they are listened to and asked, never changed. */
  readonly monitors?: Readonly<Record<string, object>>;
  /** As `monitors: { errorMonitor }`. */
  readonly errorMonitor?: object;
  /** As `monitors: { healthMonitor }`. */
  readonly healthMonitor?: object;
  /** As `monitors`, and begun anew by its own `restart`, or `stop` and `start`, when it is ill. */
  readonly daemons?: Readonly<Record<string, object>>;
}

export interface AdoptOptions {
  /** It may be begun anew when it says that it is ill. Default: only of `daemons`. */
  readonly restart?: boolean;
}

export interface HandedMonitor extends AdoptOptions {
  readonly name: string;
  readonly monitor: object;
}

export const monitorsMax = 50;
const fix = "hand in an object with check(), getHealth() or getStatus(), an emitter or a function";

export const monitorName: OptionReader<string> = textOption({ max: 100 });
export const adoptShape = optionsOf({ restart: flagOption() });

export const handedMonitorReaders = {
  monitors: namedOption(monitorOption, { max: monitorsMax }),
  errorMonitor: monitorOption,
  healthMonitor: monitorOption,
  daemons: namedOption(monitorOption, { max: monitorsMax }),
} as const;

export function monitorOption(value: unknown, place: OptionPlace): object {
  const isThing = (typeof value === "object" && value !== null) || typeof value === "function";
  if (!isThing || Array.isArray(value)) place.wrong(value, "a monitor", fix);
  else if (typeof value === "function" && isClass(value)) {
    place.say("it is a class, and not a monitor", `hand in an instance: new ${value.name}()`);
  } else if (value instanceof Promise) {
    place.say("it is a promise, and not a monitor", "await it first");
  }
  return value as object;
}

/** Throws OPTIONS_INVALID for a name that stands for two. */
export function handedMonitors(given: HandedMonitors): readonly HandedMonitor[] {
  const { monitors = {}, errorMonitor, healthMonitor, daemons = {} } = given;
  const named = Object.entries({ ...monitors });
  if (errorMonitor !== undefined) named.push(["errorMonitor", errorMonitor]);
  if (healthMonitor !== undefined) named.push(["healthMonitor", healthMonitor]);
  const all: HandedMonitor[] = named.map(([name, monitor]) => ({ name, monitor }));
  for (const [name, monitor] of Object.entries(daemons)) {
    all.push({ name, monitor, restart: true });
  }
  const twice = all.find(({ name }, place) => all.findIndex((each) => each.name === name) < place);
  if (twice === undefined) return all;
  const message = `createEngine: there are two monitors with the name "${twice.name}"`;
  throw new SoulMirrorError("OPTIONS_INVALID", message, { fix: "give each a name of its own" });
}

/** One that can be asked as it is has static methods, and is a monitor. */
function isClass(value: object): boolean {
  const parts = value as Readonly<Record<string, unknown>>;
  const isStatic = ["check", "getHealth", "getStatus", "healthCheck", "on"].some(
    (name) => typeof parts[name] === "function",
  );
  return !isStatic && /^class\b/.test(Function.prototype.toString.call(value));
}

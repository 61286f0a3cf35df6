/**
 * What a monitor that somebody else has written can: be asked, be heard, be begun anew. Looked at
 * once; its methods are looked up anew whenever they are called, and none is ever replaced.
 */
import { EventEmitter, errorMonitor } from "node:events";
import type { HealthStatus } from "../health/index.ts";
import { makesInstances } from "../wrap/methods-of.ts";

export interface MonitorAbilities {
  /** The thing itself; of a module with nothing but a default export, that one. */
  readonly monitor: object;
  /** The method that says how it is; `""`: it is a function itself. */
  readonly question: string | undefined;
  /** Methods that list what is wrong now. */
  readonly issueLists: readonly string[];
  /** Methods that list what has gone wrong ever. */
  readonly errorLists: readonly string[];
  /** Fields that say how it is, where no method does. */
  readonly fields: readonly string[];
  /** It says whether it runs: a daemon. */
  readonly life: readonly string[];
  readonly hears: "emitter" | "event_target" | undefined;
}

type Parts = Readonly<Record<string, unknown>>;

const questions =
  "check healthCheck checkHealth getHealth health getStatus status isHealthy getSystemHealth";
const issueLists = "getAlerts getActiveAlerts getIssues";
const errorLists = "getErrors getRecentErrors";
const fields = "overall status health healthy isHealthy ok";
const life = "isRunning running pid exitCode signalCode";

/** Throws what a getter of the monitor throws. */
export function abilitiesOf(handed: object): MonitorAbilities {
  const own = lookAt(handed);
  if (isAble(own)) return own;
  const inner = (handed as Parts)["default"];
  const isThing = (typeof inner === "object" && inner !== null) || typeof inner === "function";
  const other = isThing ? lookAt(inner) : own;
  return isAble(other) ? other : own;
}

export function isAble({ question, hears, ...lists }: MonitorAbilities): boolean {
  const { issueLists, errorLists, fields, life } = lists;
  const isAsked = [issueLists, errorLists, fields, life].some((each) => each.length > 0);
  return question !== undefined || hears !== undefined || isAsked;
}

function lookAt(monitor: object): MonitorAbilities {
  const parts = monitor as Parts;
  const isMethod = (name: string): boolean => typeof parts[name] === "function";
  const isValue = (name: string): boolean => {
    const kind = typeof parts[name];
    return kind === "string" || kind === "boolean";
  };
  const named = questions.split(" ").find(isMethod);
  const isCalled = typeof monitor === "function" && !makesInstances(monitor);
  const question = named ?? (isCalled ? "" : undefined);
  return {
    monitor,
    question,
    issueLists: issueLists.split(" ").filter(isMethod),
    errorLists: errorLists.split(" ").filter(isMethod),
    fields: question === undefined ? fields.split(" ").filter(isValue) : [],
    life: life.split(" ").filter((name) => isLife(parts, name)),
    hears: hearsOf(parts),
  };
}

/** A process that has not begun has no pid yet, and none that still runs has an exit code. */
function isLife(parts: Parts, name: string): boolean {
  if (name === "isRunning" || name === "running") {
    return typeof parts[name] === "boolean" || typeof parts[name] === "function";
  }
  return name in parts;
}

function hearsOf(parts: Parts): MonitorAbilities["hears"] {
  const isMethod = (name: string): boolean => typeof parts[name] === "function";
  if (isMethod("on") && (isMethod("off") || isMethod("removeListener"))) return "emitter";
  const isTarget = isMethod("addEventListener") && isMethod("removeEventListener");
  return isTarget ? "event_target" : undefined;
}

/** What an event of that name says; `asked`: its details do. */
export const meaningOfEvents: ReadonlyMap<string, HealthStatus | "asked"> = new Map([
  ...meaning("unhealthy", "error unhealthy incident critical fatal failure failed down crash"),
  ...meaning("degraded", "alert warning warn degraded issue problem anomaly"),
  ...meaning("degraded", "silentError silent_error silent-error"),
  ...meaning("healthy", "recovered recovery resolved healthy cleared"),
  ...meaning("asked", "status health statusChange status_change healthCheck health_check"),
]);

type Heard = (event: string, details: unknown) => void;

/** Returns the function that no longer listens. Throws what the monitor's own methods throw. */
export function listenTo({ monitor, hears }: MonitorAbilities, heard: Heard): () => void {
  const stops: (() => void)[] = [];
  for (const event of hears === undefined ? [] : meaningOfEvents.keys()) {
    const listener = (details: unknown): void => heard(event, details);
    if (hears === "event_target") {
      const target = monitor as EventTarget;
      target.addEventListener(event, listener);
      stops.push(() => target.removeEventListener(event, listener));
      continue;
    }
    const emitter = monitor as EventEmitter;
    // An error that nobody listens to is thrown where it is emitted, and is to be so still.
    const name = event === "error" && emitter instanceof EventEmitter ? errorMonitor : event;
    emitter.on(name, listener);
    stops.push(() => remove(emitter, name, listener));
  }
  return () => {
    for (const stop of stops) stop();
  };
}

function remove(
  emitter: Pick<EventEmitter, "off" | "removeListener">,
  name: string | symbol,
  listener: (details: unknown) => void,
): void {
  if (typeof emitter.off === "function") emitter.off(name, listener);
  else emitter.removeListener(name, listener);
}

function meaning<S extends HealthStatus | "asked">(
  status: S,
  all: string,
): readonly (readonly [string, S])[] {
  return all.split(" ").map((word) => [word, status] as const);
}

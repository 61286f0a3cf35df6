/** One line for people about one entry of the journal, or nothing where only programs care. */
import { formatDuration } from "../kernel/index.ts";
import {
  type Action,
  type Entry,
  headlineOf,
  type Incident,
  interrupted,
  type SealedEntry,
  type Verdict,
} from "../model/index.ts";
import { plainText } from "./plain-text.ts";
import type { Style } from "./style.ts";
import { whyOf } from "./tell-steps.ts";

/**
 * Remembers which failure is whose: a verdict names only the failure. And which incidents are told
 * already: after each attempt that did not help, one is open again, which is no news.
 */
export class EntryTeller {
  readonly #style: Style;
  readonly #resources = new Map<string, string>();
  readonly #open = new Set<string>();

  constructor(style: Style) {
    this.#style = style;
  }

  tell({ entry, at }: SealedEntry): string | undefined {
    const isOld = entry.kind === "incident" && this.#isTold(entry.incident);
    this.hear(entry);
    if (isOld) return undefined;
    const style = this.#style;
    const told =
      entry.kind === "verdict"
        ? verdictSentence(entry.verdict, this.#resources.get(entry.verdict.failure), style)
        : sentence(entry, style);
    return told === undefined ? undefined : `${style.paint("grey", clockTime(at))}  ${told}`;
  }

  /** Without saying anything. */
  hear(entry: Entry): void {
    if (entry.kind === "incident") this.#hearIncident(entry.incident);
    if (entry.kind !== "failure_raised") return;
    const { id, resource } = entry.failure;
    this.#resources.set(id, resource);
    const [oldest] = this.#resources.keys();
    if (this.#resources.size > failuresMax && oldest !== undefined) this.#resources.delete(oldest);
  }

  #isTold({ id, state }: Incident): boolean {
    return state.kind === "open" && this.#open.has(id);
  }

  #hearIncident({ id, state }: Incident): void {
    if (state.kind === "resolved") this.#open.delete(id);
    else this.#open.add(id);
    const [oldest] = this.#open;
    if (this.#open.size > incidentsMax && oldest !== undefined) this.#open.delete(oldest);
  }
}

const failuresMax = 1000;
const incidentsMax = 1000;

/** Local time of the day. */
export function clockTime(at: number): string {
  const time = new Date(at);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** Of today the time is enough, and leaves room for the rest of a row. */
export function lateTime(at: number, nowMs: number): string {
  const isToday = new Date(at).toDateString() === new Date(nowMs).toDateString();
  return isToday ? clockTime(at) : calendarTime(at);
}

/** Date and time, local. */
export function calendarTime(at: number): string {
  const time = new Date(at);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${clockTime(at)}`;
}

function sentence(entry: Entry, style: Style): string | undefined {
  switch (entry.kind) {
    case "daemon_started":
      return `the daemon ${entry.version} begins (pid ${entry.pid})`;
    case "daemon_stopped":
      return `the daemon ends: ${plainText(entry.reason)}`;
    case "fleet_loaded":
      if (entry.changes.length === 0) return undefined;
      return ["the fleet file has changed", ...entry.changes.map(plain)].join("\n          ");
    case "fleet_refused":
      return [
        "the fleet file is refused, the last good one stays",
        ...entry.errors.map(plain),
      ].join("\n          ");
    case "mode_changed":
      return `${entry.by} sets the mode of ${entry.scope} to ${entry.mode}`;
    case "process_started": {
      const { resource, process: started } = entry.run;
      return `${shortName(resource)} ${entry.adopted ? "adopted" : "started"} (pid ${started.pid})`;
    }
    case "process_exited": {
      const { resource, code, signal, uptimeMs, expected } = entry.exit;
      const how = signal ?? (code === null ? "status unknown" : `code ${code}`);
      const text = `${shortName(resource)} ended (${how}) after ${formatDuration(uptimeMs)}`;
      // Code 0 is a job's good end; where it is not, the failure that follows says so.
      return expected || code === 0 ? text : style.paint("red", text);
    }
    case "failure_raised": {
      const { resource, type, reason } = entry.failure;
      const words = type.replaceAll("_", " ");
      return style.paint("yellow", `${shortName(resource)}: ${words}: ${plainText(reason)}`);
    }
    case "incident":
      return incidentSentence(entry.incident, style);
    case "withheld":
      return `${entry.strategy} is not tried: ${plainText(entry.reason)}${wouldDo(entry.steps)}`;
    case "action":
      return actionSentence(entry.action, style);
    case "relapse": {
      const { strategy, wellForMs } = entry.relapse;
      return `it was well for ${formatDuration(wellForMs)}: ${strategy} has not healed it for good`;
    }
    case "scaled": {
      const { service, actions } = entry.scaled;
      if (actions.length === 0) return `${service} has its declared instances again`;
      return `${service} has ${actions.length} more than its declared instances`;
    }
    case "request":
      return `${entry.by} asks for ${entry.what}${entry.resource ? ` of ${shortName(entry.resource)}` : ""}`;
    case "gap":
      return style.paint("red", `${entry.lost} entries were lost: ${plainText(entry.reason)}`);
    default:
      return undefined;
  }
}

function verdictSentence(verdict: Verdict, resource: string | undefined, style: Style): string {
  const { healed, reason, healedAfterMs } = verdict;
  const whose = resource === undefined ? "" : `${shortName(resource)} `;
  const after = healedAfterMs === undefined ? "" : ` after ${formatDuration(healedAfterMs)}`;
  const text = `${whose}${healed ? `healed${after}` : "not healed"}: ${plainText(reason)}`;
  return style.paint(healed ? "green" : "red", text);
}

function incidentSentence(incident: Incident, style: Style): string | undefined {
  const { state } = incident;
  const title = plainText(headlineOf(incident));
  if (state.kind === "open") return style.paint("bold", `incident: ${title}`);
  if (state.kind === "resolved") return style.paint("green", `resolved: ${title}`);
  if (state.kind !== "escalated") return undefined;
  return style.paint("red", `a person is needed: ${title}: ${plainText(state.reason)}`);
}

function wouldDo(steps: readonly string[] = []): string {
  return steps.length === 0 ? "" : `; it would: ${plainText(steps.join(", "))}`;
}

function actionSentence({ plan, status, id, answer }: Action, style: Style): string | undefined {
  const what = `${plan.strategy} of ${shortName(plan.resource)}`;
  // Bringing a process up is told by the process itself.
  if (plan.cause.kind === "supervision" && plan.strategy === "start") return undefined;
  switch (status.kind) {
    case "waiting_for_approval":
      return style.paint("yellow", `${what} waits for approval: soulmirror approve ${id}`);
    case "initiated":
      return `${what} ${whyOf(plan)}`;
    case "failed":
      if (answer !== undefined && answer.kind !== "approved") {
        return `${what} is not done: ${plainText(status.reason)}`;
      }
      if (status.reason === interrupted) {
        return style.paint("yellow", `${what}: ${interrupted}; how it ended is not known`);
      }
      // Its verdict has said so.
      if (status.reason.startsWith(notHealed)) return undefined;
      return style.paint("red", `${what} failed: ${plainText(status.reason)}`);
    case "rolling_back":
      return style.paint("yellow", `${what} is taken back: ${plainText(status.reason)}`);
    case "rolled_back":
      return style.paint("yellow", `${what} was taken back`);
    case "succeeded":
      return `${what} done in ${formatDuration(status.elapsedMs)}`;
    default:
      return undefined;
  }
}

/** Begins the reason of an action that was judged. */
const notHealed = "not healed: ";

const plain = (text: string): string => plainText(text);

/** `instance/trust-engine.2` is known by its name alone. */
export function shortName(resource: string): string {
  return resource.replace(/^(?:instance|service)\//, "");
}

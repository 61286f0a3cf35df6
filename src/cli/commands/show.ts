/** All that is known about one thing: an incident, an action, a service or a watched resource. */
import { formatDuration, SoulMirrorError } from "../../kernel/index.ts";
import type { ResourceView, ServiceView } from "../../loop/index.ts";
import {
  type ActionRow,
  type FailureRow,
  headlineOf,
  type Incident,
  shownAnswer,
  shownOrigin,
  shownState,
} from "../../model/index.ts";
import { realClock } from "../../system/index.ts";
import { columns } from "../columns.ts";
import type { Run } from "../command.ts";
import { evidenceOf, evidencePointers, resultWithoutEvidence } from "../evidence.ts";
import type { ActionUnderWay } from "../fleet-report.ts";
import { type History, withHistory } from "../history.ts";
import { plainLines, plainText } from "../plain-text.ts";
import { pinLine } from "../render-report.ts";
import type { Style } from "../style.ts";
import { tellEngines } from "../tell-engines.ts";
import { calendarTime, clockTime, shortName } from "../tell-entry.ts";
import { tellSteering } from "../tell-steering.ts";
import { tellSteps, whyOf } from "../tell-steps.ts";
import { targetOf } from "./actions.ts";

/** The thing as it is for `--json`, and what to say about it. */
interface Shown {
  readonly value: unknown;
  readonly text: (style: Style) => string;
}

export const show: Run = async (context) => {
  const [name = ""] = context.args;
  const shown = await withHistory(context, async (history) => {
    const found =
      (await showIncident(history, name)) ??
      (await showAction(history, name)) ??
      (await showResource(history, name));
    if (found !== undefined) return found;
    throw new SoulMirrorError(
      "NOT_FOUND",
      `there is no incident, action, service or resource ${name}`,
      {
        fix: "`soulmirror status`, `incidents` and `actions` list what there is",
      },
    );
  });
  context.out.show(shown.value, shown.text);
  return 0;
};

async function showIncident(history: History, id: string): Promise<Shown | undefined> {
  const story = await history.story(id);
  if (story === undefined) return undefined;
  const text = (style: Style): string => {
    const { state, severity, cause, openedAt, reopened, victimRows, timeline } = story;
    const head = [
      `${style.state(state.kind)}  ${style.paint("bold", plainText(headlineOf(story)))}`,
      columns([
        ["cause", cause],
        ["severity", severity],
        ["opened", calendarTime(openedAt)],
        ...(reopened ? [["reopened", calendarTime(reopened.at)]] : []),
        ...("reason" in state ? [["reason", plainText(state.reason)]] : []),
        ...victimRows.map(victimLine),
      ]),
    ];
    const items = timeline.map(({ at, text: said, kind }) => {
      const since = `+${formatDuration(Math.max(0, at - openedAt))}`;
      return [style.paint("grey", clockTime(at)), since, kind, plainText(said)];
    });
    const kept = evidencePointers(story.actions);
    return [...head, "", columns(items), ...(kept.length > 0 ? ["", ...kept] : [])].join("\n");
  };
  return { value: story, text };
}

/** A victim that is well again is told as what it was. */
export function victimLine(
  row: Pick<FailureRow, "affectedService" | "failureType" | "resolvedAt">,
): readonly string[] {
  const what = `${row.affectedService}: ${row.failureType}`;
  return row.resolvedAt === null ? ["hurts", what] : ["hurt", `${what} (over)`];
}

async function showAction(history: History, id: string): Promise<Shown | undefined> {
  const underWay = await history.underWay();
  const waiting = underWay.find((each) => each.id === id);
  if (waiting) return { value: waiting, text: (style) => tellUnderWay(waiting, style) };
  const row = await history.action(id);
  return row && { value: row, text: (style) => tellAction(row, style) };
}

function tellUnderWay(action: ActionUnderWay, style: Style): string {
  const { state, strategy, resource, at, id, irreversible } = action;
  const lines = [
    `${style.state(state)}  ${style.paint("bold", `${strategy} of ${resource}`)}`,
    `${whyOf(action)}; since ${calendarTime(at)}${irreversible ? "; cannot be undone" : ""}`,
    ...tellSteps(action),
  ];
  if (state === "waiting_for_approval") {
    lines.push("", `soulmirror approve ${id}`, `soulmirror dismiss ${id}`);
  }
  return lines.join("\n");
}

export function tellAction(row: ActionRow, style: Style): string {
  const took = row.durationMs === null ? "" : ` in ${formatDuration(row.durationMs)}`;
  const target = targetOf(row);
  const what = target === "" ? row.actionStrategy : `${row.actionStrategy} of ${target}`;
  return [
    `${style.state(shownState(row))}  ${style.paint("bold", what)}${took}, ${shownOrigin(row)}`,
    whenOf(row),
    ...told("parameters", row.parameters),
    ...evidenceOf(row).flatMap((text) => ["kept before it", plainLines(text, "  ")]),
    ...told("result", resultWithoutEvidence(row)),
  ].join("\n");
}

/** When it began; of what a person was asked for, when that was and what the answer was. */
function whenOf(row: ActionRow): string {
  const answer = shownAnswer(row);
  const planned = calendarTime(row.timestamp);
  if (shownState(row) === "waiting_for_approval") return `asked ${planned}, not answered yet`;
  if (answer === undefined) return `began ${planned}${unseenEnd(row)}`;
  if (answer.kind === "withdrawn") return `planned ${planned}, withdrawn before it began`;
  const { kind, by, at } = answer;
  const answered = at === undefined ? "" : ` ${calendarTime(at)}`;
  return `asked ${planned}, ${kind}${answered} by ${plainText(by)}${unseenEnd(row)}`;
}

function unseenEnd(row: ActionRow): string {
  return shownState(row) === "interrupted" ? "; how it ended is not known" : "";
}

function told(title: string, value: unknown): readonly string[] {
  return value === null ? [] : [title, plainLines(JSON.stringify(value, undefined, 2), "  ")];
}

async function showResource(history: History, name: string): Promise<Shown | undefined> {
  const services = await history.services();
  const wanted = shortName(name);
  const service = services.find((each) => each.name === wanted) ?? instanceIn(services, wanted);
  if (service) return showService(history, service);
  const resources = await history.resources();
  const resource = resources.find((each) => each.resource === name);
  if (resource) return showWatched(history, resource);
  const past = await showPast(history, wanted);
  // Without a daemon nobody knows which instances there are.
  if (past !== undefined || services.length > 0) return past;
  return showPast(history, wanted.replace(/\.\d+$/, ""));
}

/** As `actions` names it: `web.1`. Its service, with this instance alone. */
function instanceIn(services: readonly ServiceView[], name: string): ServiceView | undefined {
  for (const service of services) {
    const instances = service.instances.filter(
      ({ number }) => `${service.name}.${number}` === name,
    );
    if (instances.length > 0) return { ...service, instances };
  }
  return undefined;
}

/** What runs now is not known; how it fared is. */
async function showPast(history: History, name: string): Promise<Shown | undefined> {
  const { failures, kept } = await pastOf(history, name);
  if (failures.length === 0) return undefined;
  const text = (style: Style): string =>
    [style.paint("bold", name), failureTable(failures, style), ...kept].join("\n\n");
  return { value: { name, failures }, text };
}

interface PastOfService {
  readonly failures: readonly FailureRow[];
  /** Where the evidence of the last actions stands. */
  readonly kept: readonly string[];
}

async function pastOf(history: History, service: string): Promise<PastOfService> {
  const [failures, actions] = await Promise.all([
    history.failures(service),
    history.actions(actionsSeen),
  ]);
  const own = actions.filter((row) => targetOf(row).replace(/\.\d+$/, "") === service);
  const pointers = evidencePointers(own).slice(0, pointersShown);
  return { failures, kept: pointers.length === 0 ? [] : [pointers.join("\n")] };
}

const actionsSeen = 100;
const pointersShown = 3;

function failureTable(failures: readonly FailureRow[], style: Style): string {
  if (failures.length === 0) return "No failures so far.";
  const rows = failures
    .slice(0, 20)
    .map((row) => [
      calendarTime(row.timestamp),
      row.failureType,
      row.resolvedAt === null
        ? style.paint("red", "not over")
        : `over after ${formatDuration(row.resolvedAt - row.timestamp)}`,
      plainText(row.errorMessage ?? ""),
    ]);
  return `Failures\n${columns(rows)}`;
}

async function showWatched(history: History, resource: ResourceView): Promise<Shown> {
  const name = resource.resource;
  const [{ failures, kept }, live] = await Promise.all([
    pastOf(history, name),
    history.incidents(liveSeen, true),
  ]);
  const open = failures.filter(({ resolvedAt }) => resolvedAt === null);
  const ids = new Set(open.map(({ eventId }) => eventId));
  const isAbout = ({ failures: own, victims }: Incident): boolean =>
    [...own, ...victims].some((id) => ids.has(id));
  const incidents = live.filter(isAbout).map(({ id }) => id);
  const text = (style: Style): string => {
    const { kind, health, reason, mode, intervalMs, timeoutMs, dependsOn } = resource;
    const why = reason === null ? "" : `  ${plainText(reason)}`;
    const every = `every ${formatDuration(intervalMs)}, timeout ${formatDuration(timeoutMs)}`;
    const facts = [
      ["kind", kind],
      ["looked at", `${every}, mode ${mode}`],
      ["needs", dependsOn.join(", ") || "-"],
      ...open.map((row) => ["open", `${row.failureType}: ${plainText(row.errorMessage ?? "")}`]),
      ...incidents.map((id) => ["incident", id]),
    ];
    return [
      `${style.paint("bold", name)}  ${style.state(health)}${why}`,
      columns(facts),
      failureTable(failures, style),
      ...kept,
    ].join("\n\n");
  };
  return { value: { ...resource, incidents, failures }, text };
}

const liveSeen = 100;

async function showService(history: History, service: ServiceView): Promise<Shown> {
  const [{ failures, kept }, engines, steered] = await Promise.all([
    pastOf(history, service.name),
    history.engines(service.name),
    history.steered(service.name),
  ]);
  const text = (style: Style): string => {
    const { name, state, reason, mode, listen, dependsOn, restarts } = service;
    const nowMs = realClock.now().wallMs;
    const why = reason === null ? "" : `  ${plainText(reason)}`;
    const facts = [
      ["mode", mode],
      ["listen", listen ?? "-"],
      ["needs", dependsOn.join(", ") || "-"],
      ["restarts", String(restarts)],
    ];
    const instances = service.instances.map((each) => [
      `.${each.number}`,
      style.state(each.state),
      `pid ${each.pid ?? "-"}`,
      `port ${each.port ?? "-"}`,
      each.startedAt === null ? "-" : formatDuration(realClock.now().wallMs - each.startedAt),
      plainText(each.reason ?? ""),
    ]);
    const pinned = pinLine([service], style);
    return [
      `${style.paint("bold", name)}  ${style.state(state)}${why}`,
      ...(pinned === "" ? [] : [pinned]),
      columns(facts),
      columns(instances),
      ...tellEngines(engines, { style, nowMs }),
      ...[tellSteering(steered, { style, nowMs })].filter((part) => part !== ""),
      failureTable(failures, style),
      ...kept,
    ].join("\n\n");
  };
  return { value: { ...service, engines, steered: steered[0] ?? null, failures }, text };
}

/** The fleet at a glance: a verdict in one line, then what it stands on, worst first. */
import { formatDuration } from "../kernel/index.ts";
import type { InstanceView, ServiceView } from "../loop/index.ts";
import { begunAtOf, frontProxy, headlineOf, type Incident } from "../model/index.ts";
import { columns } from "./columns.ts";
import { counted } from "./counted.ts";
import {
  type ActionUnderWay,
  type FleetReport,
  isAllWell,
  type LiveIncident,
} from "./fleet-report.ts";
import { plainText } from "./plain-text.ts";
import type { Style } from "./style.ts";
import { engineLine, sharedErrorLines } from "./tell-engines.ts";
import { lateTime } from "./tell-entry.ts";
import { tellSteering } from "./tell-steering.ts";
import { tellSteps, whyOf } from "./tell-steps.ts";

export interface Moment {
  readonly style: Style;
  /** Wall milliseconds. */
  readonly nowMs: number;
}

export function renderReport(report: FleetReport, moment: Moment): string {
  const { style } = moment;
  return [
    [
      verdict(report, style),
      ...waitingLine(report, style),
      style.paint("grey", about(report)),
    ].join("\n"),
    serviceTable(report, moment),
    engineLine(report.engines, style),
    sharedErrorLines(report.engines, moment),
    tellSteering(report.steered, moment),
    troubledResources(report, style),
    report.incidents.map((incident) => renderIncident(report, incident, moment)).join("\n"),
    approvals(report, style),
    journalLine(report, style),
    fileLine(report, style),
    pinLine(report.services, style),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function about({ fleet, mode, modes, url }: FleetReport): string {
  // What is as the fleet is says nothing new.
  const others = Object.entries(modes).filter(([, each]) => each !== mode);
  const special = others.map(([scope, each]) => `${scope}: ${each}`);
  const rest = special.length === 0 ? "" : ` (${special.join(", ")})`;
  return `fleet ${fleet}, mode ${mode}${rest}, page ${url}`;
}

function verdict(report: FleetReport, style: Style): string {
  const { services, incidents, resources } = report;
  if (isAllWell(report)) {
    const text =
      services.length === 1
        ? "The service is well."
        : `All ${counted(services.length, "service")} are well.`;
    return style.paint("green", text);
  }
  const escalated = incidents.filter(({ state }) => state.kind === "escalated");
  if (escalated.length > 0) {
    const text = `${counted(escalated.length, "incident")} for a person`;
    return style.paint("red", `${text}: ${worst(escalated, services)}`);
  }
  if (incidents.length > 0) {
    const text = counted(incidents.length, "incident");
    return style.paint("yellow", `${text}: ${worst(incidents, services)}`);
  }
  const ill = services.filter(({ state, rests }) => state !== "healthy" && !rests);
  const bad = resources.filter(({ health }) => health === "unhealthy" || health === "degraded");
  const words = [
    ...ill.map(({ name, state }) => `${name} is ${state}`),
    ...bad.map(({ resource, health }) => `${resource} is ${health}`),
    ...services.filter(({ pinned }) => pinned).map(({ name }) => `${name} ${runsPinned}`),
  ];
  const text = words.length > 0 ? words.slice(0, 3).join(", ") : "the journal is not in the store";
  const rest = words.length > 3 ? ` and ${words.length - 3} more` : "";
  return style.paint("yellow", `${text}${rest}.`);
}

const runsPinned = "runs with its last good configuration";

/** Of the first; and who is cut off is told, whatever else goes on. */
function worst(incidents: readonly Incident[], services: readonly ServiceView[]): string {
  const [first] = incidents;
  const unheard = first?.cause === frontProxy ? [] : services.flatMap(({ reason }) => reason ?? []);
  return [first ? headlineOf(first) : "", ...unheard].map((text) => plainText(text)).join("; ");
}

/** What is to be done about services that do not run as the fleet file says. */
export function pinLine(services: readonly ServiceView[], style: Style): string {
  return services
    .filter(({ pinned }) => pinned)
    .map(({ name }) => {
      const text = `${name} ${runsPinned}, not with what the fleet file says`;
      const fix = "`soulmirror diff` shows the difference; correct the fleet file";
      return `${style.state("warn")}  ${text}; ${fix}, a restart does not end it`;
    })
    .join("\n");
}

function serviceTable({ services }: FleetReport, moment: Moment): string {
  const { style } = moment;
  if (services.length === 0) return "The fleet file names no services.";
  const head = ["SERVICE", "STATE", "INSTANCES", "PID", "UPTIME", "RESTARTS", "LISTEN"];
  const rows = services.flatMap((service) => serviceRows(service, moment));
  return columns([head.map((cell) => style.paint("grey", cell)), ...rows], {
    width: style.width,
    spare: ["RESTARTS", "LISTEN", "PID", "INSTANCES"].map((cell) => head.indexOf(cell)),
  });
}

function serviceRows(service: ServiceView, moment: Moment): readonly (readonly string[])[] {
  const { style } = moment;
  const { instances } = service;
  const well = instances.filter(({ state }) => state === "healthy").length;
  const first = instances.length === 1 ? instances[0] : undefined;
  const main = [
    service.name,
    style.state(service.state),
    `${well}/${instances.length}`,
    String((first ? first.pid : null) ?? (instances.length > 1 ? "" : "-")),
    first ? uptime(first, moment) : "",
    String(service.restarts),
    // As in the fleet file: loopback is not said.
    service.listen?.replace(/^127\.0\.0\.1:/, "") ?? "-",
  ];
  const own = service.reason === null ? [] : [reasonRow(service, style)];
  const reason = first?.reason ? [reasonRow(first, style)] : [];
  if (instances.length < 2) return [main, ...own, ...reason];
  return [main, ...own, ...instances.flatMap((each) => instanceRows(each, moment))];
}

function instanceRows(each: InstanceView, moment: Moment): readonly (readonly string[])[] {
  const { style } = moment;
  const row = [
    style.paint("grey", `  .${each.number}`),
    style.state(each.state),
    "",
    String(each.pid ?? "-"),
    uptime(each, moment),
  ];
  return each.reason ? [row, reasonRow(each, style)] : [row];
}

function reasonRow({ reason }: Pick<InstanceView, "reason">, style: Style): readonly string[] {
  return [style.paint("grey", `  ${plainText(reason ?? "")}`)].map((text) => text.slice(0, 400));
}

function uptime({ startedAt, pid }: InstanceView, { nowMs }: Moment): string {
  return startedAt === null || pid === null ? "-" : formatDuration(Math.max(0, nowMs - startedAt));
}

function troubledResources({ resources }: FleetReport, style: Style): string {
  const ill = resources.filter(({ health }) => health !== "healthy");
  const unknown = ill.filter(({ health }) => health === "unknown");
  const bad = ill.filter(({ health }) => health !== "unknown");
  const rows = bad.map(({ resource, health, reason }) => {
    return [resource, style.state(health), plainText(reason ?? "")];
  });
  const lines = rows.length > 0 ? [columns(rows)] : [];
  if (unknown.length > 0) {
    const text = `${counted(unknown.length, "resource")} not looked at yet`;
    lines.push(style.paint("grey", text));
  }
  return lines.join("\n");
}

function renderIncident(report: FleetReport, incident: LiveIncident, moment: Moment): string {
  const { style, nowMs } = moment;
  const { id, state, openVictims, relapses, reopened } = incident;
  const since = formatDuration(Math.max(0, nowMs - begunAtOf(incident)));
  const again = reopened ? ` reopened ${lateTime(reopened.at, nowMs)},` : "";
  const tried = report.actions.find((action) => "action" in state && action.id === state.action);
  const lines = [
    `${style.state(state.kind)}  ${style.paint("bold", plainText(headlineOf(incident)))}`,
    style.paint("grey", `  ${id},${again} for ${since}`),
  ];
  if (tried) lines.push(`  trying ${tried.strategy} ${whyOf(tried)}`);
  else if ("action" in state) lines.push(`  ${state.kind} after action ${state.action}`);
  if (state.kind === "escalated") lines.push(`  ${plainText(state.reason)}`);
  if (openVictims > 0) lines.push(`  also hurts ${counted(openVictims, "other check")}`);
  if (relapses > 0) lines.push(`  came back ${counted(relapses, "time")}`);
  return lines.join("\n");
}

/** Whoever reads no further knows that somebody is asked, and how to answer. */
function waitingLine(report: FleetReport, style: Style): readonly string[] {
  const waiting = waitingIn(report);
  const [first] = waiting;
  if (first === undefined) return [];
  const text =
    waiting.length === 1
      ? `1 action waits for approval: soulmirror approve ${first.id}`
      : `${waiting.length} actions wait for approval: soulmirror approve ACTION, each as below`;
  return [style.paint("yellow", text)];
}

function waitingIn({ actions }: FleetReport): readonly ActionUnderWay[] {
  return actions.filter(({ state }) => state === "waiting_for_approval");
}

function approvals(report: FleetReport, style: Style): string {
  return waitingIn(report)
    .map((action) => {
      const { id, strategy, resource } = action;
      const what = `${strategy} on ${resource} ${whyOf(action)}`;
      const head = `${style.state("waiting_for_approval")}: ${what}`;
      const answers = [`  soulmirror approve ${id}`, `  soulmirror dismiss ${id}`];
      return [head, ...tellSteps(action), ...answers].join("\n");
    })
    .join("\n");
}

function journalLine({ journalTrouble }: FleetReport, style: Style): string {
  if (journalTrouble === undefined) return "";
  return `${style.state("warn")}  ${plainText(journalTrouble)}; only reversible actions run meanwhile`;
}

function fileLine({ fileTrouble }: FleetReport, style: Style): string {
  if (fileTrouble === undefined) return "";
  const text = "the fleet file has errors: the last good one stays in force";
  return `${style.state("warn")}  ${text}; \`soulmirror validate\` shows them`;
}

/** All that is known about one thing: an incident, an action, a service or a watched resource. */
import { formatDuration, SoulMirrorError } from "../../kernel/index.ts";
import type { ResourceView, ServiceView } from "../../loop/index.ts";
import type { ActionRow, FailureRow, Incident } from "../../model/index.ts";
import { realClock } from "../../system/index.ts";
import { columns } from "../columns.ts";
import type { Run } from "../command.ts";
import type { DaemonClient } from "../daemon-client.ts";
import type { ActionUnderWay } from "../fleet-report.ts";
import { plainText } from "../plain-text.ts";
import type { Style } from "../style.ts";
import { calendarTime, clockTime } from "../tell-entry.ts";
import { withDaemon } from "../with-daemon.ts";

interface Story extends Incident {
  readonly victimRows: readonly FailureRow[];
  readonly timeline: readonly {
    readonly at: number;
    readonly kind: string;
    readonly text: string;
  }[];
}

/** The thing as it is for `--json`, and what to say about it. */
interface Shown {
  readonly value: unknown;
  readonly text: (style: Style) => string;
}

export const show: Run = async (context) => {
  const [name = ""] = context.args;
  const shown = await withDaemon(context, async (client) => {
    const found =
      (await unlessMissing(() => showIncident(client, name))) ??
      (await unlessMissing(() => showAction(client, name))) ??
      (await showResource(client, name));
    if (found !== undefined) return found;
    throw new SoulMirrorError("NOT_FOUND", `there is no incident, action or service ${name}`, {
      fix: "`soulmirror status`, `incidents` and `actions` list what there is",
    });
  });
  context.out.show(shown.value, shown.text);
  return 0;
};

async function unlessMissing(ask: () => Promise<Shown>): Promise<Shown | undefined> {
  try {
    return await ask();
  } catch (error) {
    // It may be something else of that name.
    if (error instanceof SoulMirrorError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}

async function showIncident(client: DaemonClient, id: string): Promise<Shown> {
  const story = await client.get<Story>(`/api/v1/incidents/${encodeURIComponent(id)}`);
  const text = (style: Style): string => {
    const { title, state, severity, cause, openedAt, victimRows, timeline } = story;
    const head = [
      `${style.state(state.kind)}  ${style.paint("bold", plainText(title))}`,
      columns([
        ["cause", cause],
        ["severity", severity],
        ["opened", calendarTime(openedAt)],
        ...("reason" in state ? [["reason", plainText(state.reason)]] : []),
        ...victimRows.map((row) => ["hurts", `${row.affectedService}: ${row.failureType}`]),
      ]),
    ];
    const items = timeline.map(({ at, text: said, kind }) => {
      const since = `+${formatDuration(Math.max(0, at - openedAt))}`;
      return [style.paint("grey", clockTime(at)), since, kind, plainText(said)];
    });
    return [...head, "", columns(items)].join("\n");
  };
  return { value: story, text };
}

async function showAction(client: DaemonClient, id: string): Promise<Shown> {
  const underWay = await client.get<readonly ActionUnderWay[]>("/api/v1/actions/under-way");
  const waiting = underWay.find((each) => each.id === id);
  if (waiting) return { value: waiting, text: (style) => tellUnderWay(waiting, style) };
  const row = await client.get<ActionRow>(`/api/v1/actions/${encodeURIComponent(id)}`);
  return { value: row, text: (style) => tellAction(row, style) };
}

function tellUnderWay(action: ActionUnderWay, style: Style): string {
  const { state, strategy, resource, reason, steps, at, id, irreversible } = action;
  const lines = [
    `${style.state(state)}  ${style.paint("bold", `${strategy} of ${resource}`)}`,
    `${plainText(reason)}; since ${calendarTime(at)}${irreversible ? "; cannot be undone" : ""}`,
    ...steps.map((step, index) => `  ${index + 1}. ${step}`),
  ];
  if (state === "waiting_for_approval") {
    lines.push("", `soulmirror approve ${id}`, `soulmirror dismiss ${id}`);
  }
  return lines.join("\n");
}

function tellAction(row: ActionRow, style: Style): string {
  const took = row.durationMs === null ? "" : ` in ${formatDuration(row.durationMs)}`;
  const by = row.automated ? "by itself" : `asked for by ${row.triggeredBy ?? "a person"}`;
  return [
    `${style.state(row.status)}  ${style.paint("bold", row.actionStrategy)}${took}, ${by}`,
    `began ${calendarTime(row.timestamp)}`,
    ...told("parameters", row.parameters),
    ...told("result", row.result),
  ].join("\n");
}

function told(title: string, value: unknown): readonly string[] {
  return value === null ? [] : [title, plainLines(JSON.stringify(value, undefined, 2))];
}

function plainLines(text: string): string {
  return text
    .split("\n")
    .map((line) => `  ${plainText(line)}`)
    .join("\n");
}

async function showResource(client: DaemonClient, name: string): Promise<Shown | undefined> {
  const services = await client.get<readonly ServiceView[]>("/api/v1/services");
  const wanted = name.replace(/^service\//, "");
  const service = services.find((each) => each.name === wanted);
  if (service) return showService(client, service);
  const resources = await client.get<readonly ResourceView[]>("/api/v1/resources");
  const resource = resources.find((each) => each.resource === name);
  return resource && showWatched(resource);
}

function showWatched(resource: ResourceView): Shown {
  const { health, reason } = resource;
  const text = (style: Style): string =>
    `${resource.resource}  ${style.state(health)}${reason === null ? "" : `  ${plainText(reason)}`}`;
  return { value: resource, text };
}

async function showService(client: DaemonClient, service: ServiceView): Promise<Shown> {
  const query = `service=${encodeURIComponent(service.name)}&limit=100`;
  const failures = await client.get<readonly FailureRow[]>(`/api/v1/failures?${query}`);
  const text = (style: Style): string => {
    const { name, state, mode, listen, dependsOn, restarts } = service;
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
    const past = failures
      .slice(0, 20)
      .map((row) => [
        calendarTime(row.timestamp),
        row.failureType,
        row.resolvedAt === null
          ? style.paint("red", "not over")
          : `over after ${formatDuration(row.resolvedAt - row.timestamp)}`,
        plainText(row.errorMessage ?? ""),
      ]);
    return [
      `${style.paint("bold", name)}  ${style.state(state)}`,
      columns(facts),
      columns(instances),
      past.length === 0 ? "No failures so far." : `Failures\n${columns(past)}`,
    ].join("\n\n");
  };
  return { value: { ...service, failures }, text };
}

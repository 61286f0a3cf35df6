/** What engines inside services tell: one line for `status`, each operation for `show`. */
import { formatDuration } from "../kernel/index.ts";
import {
  type EngineReport,
  type OperationFigures,
  type ProviderFigures,
  sharedErrors,
  turnsAway,
} from "../targets/index.ts";
import { columns } from "./columns.ts";
import { counted } from "./counted.ts";
import { plainText } from "./plain-text.ts";
import type { Moment } from "./render-report.ts";
import type { Style } from "./style.ts";

const operationsShown = 30;
const failuresShown = 5;
const errorsShown = 10;
const learnedShown = 3;
const sharedShown = 5;

/** Empty where no engine tells anything. */
export function engineLine(engines: readonly EngineReport[], style: Style): string {
  if (engines.length === 0) return "";
  const all = engines.flatMap(({ service, operations }) =>
    operations.map((operation) => ({ service, operation })),
  );
  const open = all.filter(({ operation }) => turnsAway(operation));
  const head = `${counted(engines.length, "engine")}, ${counted(all.length, "operation")}`;
  if (open.length === 0) return style.paint("grey", `${head}, no circuit open`);
  const named = open.slice(0, 3).map(({ service, operation }) => `${service}: ${operation.name}`);
  const more = open.length > 3 ? ` and ${open.length - 3} more` : "";
  const circuits = `${counted(open.length, "circuit")} open`;
  return `${style.state("warn")}  ${head}, ${circuits}: ${plainText(named.join(", "))}${more}`;
}

/** What several services fail on at the same time; empty where nothing is. */
export function sharedErrorLines(
  engines: readonly EngineReport[],
  { style, nowMs }: Moment,
): string {
  const lines = sharedErrors(engines, nowMs)
    .slice(0, sharedShown)
    .map(({ resource, services, categories }) => {
      const who = `${counted(services.length, "service")} fail on ${resource}`;
      const what = `${categories.join(", ").replaceAll("_", " ")}; ${services.join(", ")}`;
      return `${style.state("warn")}  ${plainText(`${who}: ${what}`)}`;
    });
  return lines.join("\n");
}

export function tellEngines(
  engines: readonly EngineReport[],
  { style, nowMs }: Moment,
): readonly string[] {
  return engines.map((engine) => {
    const { pid, host, sender, seenAt, operations, failures } = engine;
    const where = pid === null ? (host ?? "somewhere") : `pid ${pid}`;
    const seen = `heard of ${formatDuration(Math.max(0, nowMs - seenAt))} ago`;
    const rows = mostCalled(operations).map((operation) => [
      plainText(operation.name),
      counted(operation.calls, "call"),
      operation.failed === 0 ? "none failed" : style.paint("red", `${operation.failed} failed`),
      operation.p99Ms === null ? "-" : `p99 ${formatDuration(operation.p99Ms)}`,
      operation.breaker === null ? "" : circuit(operation, style),
    ]);
    const more = operations.length - rows.length;
    const last = failures
      .slice(0, failuresShown)
      .map(({ at, message, count }) => [
        `${formatDuration(Math.max(0, nowMs - at))} ago`,
        count > 1 ? `${count} times` : "",
        plainText(message),
      ]);
    const errors = engine.errors
      .slice(0, errorsShown)
      .map((error) => [
        counted(error.calls, "error"),
        `${formatDuration(Math.max(0, nowMs - error.at))} ago`,
        error.isBursting ? style.paint("red", "burst") : "",
        plainText(error.headline),
      ]);
    const learned = engine.errors
      .flatMap(({ relation }) => (relation === null ? [] : [plainText(relation)]))
      .slice(0, learnedShown);
    return [
      `Inside, ${plainText(where)}: ${plainText(sender)}, ${seen}`,
      columns(rows),
      ...(more > 0 ? [`and ${counted(more, "operation")} more`] : []),
      columns(engine.providers.map((provider) => providerRow(provider, style))),
      ...(errors.length > 0 ? [columns(errors)] : []),
      ...new Set(learned),
      ...(last.length > 0 ? [columns(last)] : []),
    ]
      .filter((part) => part !== "")
      .join("\n");
  });
}

function providerRow(provider: ProviderFigures, style: Style): readonly string[] {
  const { name, ring, state, place, calls, faults, latencyMs, spent, wish } = provider;
  const out = state === "serving" ? "not asked" : state;
  const order = place === null ? style.paint("red", out) : `asked ${ordinal(place)}`;
  return [
    plainText(`${ring}: ${name}`),
    order,
    counted(calls, "call"),
    faults === 0 ? "no fault" : style.paint("red", counted(faults, "fault")),
    latencyMs === null ? "-" : formatDuration(latencyMs),
    spent === null ? "" : `cost ${Number(spent.toPrecision(3))}`,
    wish === null ? "" : style.paint("yellow", wish === "prefer" ? "preferred" : "ejected by hand"),
  ];
}

function ordinal(place: number): string {
  return ["first", "second", "third"][place - 1] ?? `${place}th`;
}

function mostCalled(operations: readonly OperationFigures[]): readonly OperationFigures[] {
  return operations.toSorted((a, b) => b.calls - a.calls).slice(0, operationsShown);
}

function circuit(operation: OperationFigures, style: Style): string {
  const { breaker, breakerEnforced, breakerReason } = operation;
  const isOnlyTold = breakerEnforced === false && breaker !== "closed";
  const words = (breaker ?? "closed").replace("_", " ");
  const because = breakerReason === null ? "" : `: ${breakerReason}`;
  const text = plainText(`circuit ${words}${isOnlyTold ? ", not enforced" : ""}${because}`);
  return turnsAway(operation) ? style.paint("red", text) : text;
}

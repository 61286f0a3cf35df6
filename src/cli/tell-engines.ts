/** What engines inside services tell: one line for `status`, each operation for `show`. */
import { formatDuration } from "../kernel/index.ts";
import type { EngineReport, OperationFigures } from "../targets/index.ts";
import { columns } from "./columns.ts";
import { counted } from "./counted.ts";
import { plainText } from "./plain-text.ts";
import type { Moment } from "./render-report.ts";
import type { Style } from "./style.ts";

const operationsShown = 30;
const failuresShown = 5;

/** Empty where no engine tells anything. */
export function engineLine(engines: readonly EngineReport[], style: Style): string {
  if (engines.length === 0) return "";
  const all = engines.flatMap(({ service, operations }) =>
    operations.map((operation) => ({ service, operation })),
  );
  const open = all.filter(({ operation }) => isOpen(operation));
  const head = `${counted(engines.length, "engine")}, ${counted(all.length, "operation")}`;
  if (open.length === 0) return style.paint("grey", `${head}, no circuit open`);
  const named = open.slice(0, 3).map(({ service, operation }) => `${service}: ${operation.name}`);
  const more = open.length > 3 ? ` and ${open.length - 3} more` : "";
  const circuits = `${counted(open.length, "circuit")} open`;
  return `${style.state("warn")}  ${head}, ${circuits}: ${plainText(named.join(", "))}${more}`;
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
    return [
      `Inside, ${plainText(where)}: ${plainText(sender)}, ${seen}`,
      columns(rows),
      ...(more > 0 ? [`and ${counted(more, "operation")} more`] : []),
      ...(last.length > 0 ? [columns(last)] : []),
    ]
      .filter((part) => part !== "")
      .join("\n");
  });
}

function mostCalled(operations: readonly OperationFigures[]): readonly OperationFigures[] {
  return operations.toSorted((a, b) => b.calls - a.calls).slice(0, operationsShown);
}

function isOpen({ breaker }: OperationFigures): boolean {
  return breaker === "open" || breaker === "isolated";
}

function circuit(operation: OperationFigures, style: Style): string {
  const text = `circuit ${(operation.breaker ?? "closed").replace("_", " ")}`;
  return isOpen(operation) ? style.paint("red", text) : text;
}

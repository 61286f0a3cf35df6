import { formatDuration, type JsonRecord } from "../../kernel/index.ts";
import { type ActionRow, shownState } from "../../model/index.ts";
import { realClock } from "../../system/index.ts";
import { columns } from "../columns.ts";
import type { Run } from "../command.ts";
import type { ActionUnderWay } from "../fleet-report.ts";
import { withHistory } from "../history.ts";
import { plainText } from "../plain-text.ts";
import type { Moment } from "../render-report.ts";
import type { Style } from "../style.ts";
import { lateTime, shortName } from "../tell-entry.ts";

export const actions: Run = async (context) => {
  const limit = context.options.count("lines", { min: 1, max: 500 }) ?? 20;
  const [waiting, rows] = await withHistory(context, async (history) =>
    Promise.all([history.underWay(), history.actions(limit)]),
  );
  const asking = waiting.filter(({ state }) => state === "waiting_for_approval");
  const { wallMs: nowMs } = realClock.now();
  const isAsking = ({ actionId }: ActionRow): boolean => asking.some(({ id }) => id === actionId);
  context.out.show({ waiting: asking, actions: rows }, (style) => {
    if (rows.length + asking.length === 0) return "No actions yet.";
    const head = ["STATUS", "BEGAN", "TOOK", "STRATEGY", "ON", "HELPED", "ACTION"];
    const table = [
      head.map((cell) => style.paint("grey", cell)),
      ...asking.map((each) => waitingRow(each, { style, nowMs })),
      ...rows
        .filter((each) => !isAsking(each))
        .flatMap((each) => [actionRow(each, { style, nowMs }), ...remarkOf(each, style)]),
    ];
    const spare = ["TOOK", "BEGAN", "HELPED"].map((cell) => head.indexOf(cell));
    return columns(table, { width: style.width, spare });
  });
  return 0;
};

function waitingRow(
  { state, at, strategy, resource, id }: ActionUnderWay,
  { style, nowMs }: Moment,
): readonly string[] {
  return [style.state(state), lateTime(at, nowMs), "", strategy, shortName(resource), "", id];
}

function actionRow(row: ActionRow, { style, nowMs }: Moment): readonly string[] {
  const took = row.durationMs === null ? "" : formatDuration(row.durationMs);
  return [
    style.state(shownState(row)),
    lateTime(row.timestamp, nowMs),
    took,
    row.actionStrategy,
    targetOf(row),
    helped(row, style),
    row.actionId,
  ];
}

/** What was acted upon: `api.1`. */
export function targetOf({ parameters }: ActionRow): string {
  const resource = parameters?.["resource"];
  return typeof resource === "string" ? shortName(plainText(resource)) : "";
}

function helped({ result }: ActionRow, style: Style): string {
  const verdict = verdictIn(result);
  if (verdict === undefined) return "";
  return verdict["healed"] === true ? style.paint("green", "yes") : style.paint("red", "no");
}

/** Why it did not help, in a line of its own. */
function remarkOf({ result }: ActionRow, style: Style): readonly (readonly string[])[] {
  const verdict = verdictIn(result);
  const reason = verdict?.["healed"] === false ? verdict["reason"] : undefined;
  if (typeof reason !== "string" || reason === "") return [];
  return [[style.paint("grey", `  ${plainText(reason)}`)]];
}

function verdictIn(result: ActionRow["result"]): JsonRecord | undefined {
  const verdict = result?.["verdict"];
  const isRecord = typeof verdict === "object" && verdict !== null && !Array.isArray(verdict);
  return isRecord ? (verdict as JsonRecord) : undefined;
}

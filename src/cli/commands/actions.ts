import { formatDuration, type JsonRecord } from "../../kernel/index.ts";
import type { ActionRow } from "../../model/index.ts";
import { columns } from "../columns.ts";
import type { Run } from "../command.ts";
import type { ActionUnderWay } from "../fleet-report.ts";
import { plainText } from "../plain-text.ts";
import type { Style } from "../style.ts";
import { calendarTime } from "../tell-entry.ts";
import { withDaemon } from "../with-daemon.ts";

export const actions: Run = async (context) => {
  const limit = context.options.count("lines") ?? 20;
  const [waiting, rows] = await withDaemon(context, async (client) =>
    Promise.all([
      client.get<readonly ActionUnderWay[]>("/api/v1/actions/under-way"),
      client.get<readonly ActionRow[]>(`/api/v1/actions?limit=${limit}`),
    ]),
  );
  const asking = waiting.filter(({ state }) => state === "waiting_for_approval");
  context.out.show({ waiting: asking, actions: rows }, (style) => {
    if (rows.length + asking.length === 0) return "No actions yet.";
    const head = ["STATUS", "BEGAN", "TOOK", "STRATEGY", "HELPED", "ACTION"];
    return columns([
      head.map((cell) => style.paint("grey", cell)),
      ...asking.map((each) => waitingRow(each, style)),
      ...rows.map((each) => actionRow(each, style)),
    ]);
  });
  return 0;
};

function waitingRow({ state, at, strategy, id }: ActionUnderWay, style: Style): readonly string[] {
  return [style.state(state), calendarTime(at), "", strategy, "", id];
}

function actionRow(row: ActionRow, style: Style): readonly string[] {
  const took = row.durationMs === null ? "" : formatDuration(row.durationMs);
  return [
    style.state(row.status),
    calendarTime(row.timestamp),
    took,
    row.actionStrategy,
    helped(row, style),
    row.actionId,
  ];
}

function helped({ result }: ActionRow, style: Style): string {
  const verdict = result?.["verdict"];
  if (typeof verdict !== "object" || verdict === null || Array.isArray(verdict)) return "";
  const { healed, reason } = verdict as JsonRecord;
  if (healed === true) return style.paint("green", "yes");
  const why = typeof reason === "string" && reason !== "" ? `: ${plainText(reason)}` : "";
  return style.paint("red", `no${why}`.slice(0, 80));
}

import { formatDuration } from "../../kernel/index.ts";
import { begunAtOf, headlineOf, type Incident } from "../../model/index.ts";
import { realClock } from "../../system/index.ts";
import { columns } from "../columns.ts";
import type { Run } from "../command.ts";
import { withHistory } from "../history.ts";
import { plainText } from "../plain-text.ts";
import type { Style } from "../style.ts";
import { lateTime } from "../tell-entry.ts";

export const incidents: Run = async (context) => {
  const limit = context.options.count("lines", { min: 1, max: 500 }) ?? 20;
  const found = await withHistory(context, async (history) => {
    const live = await history.incidents(limit, true);
    const all = context.options.has("live") ? [] : await history.incidents(limit, false);
    return inOrder(live, all).slice(0, limit);
  });
  context.out.show(found, (style) => {
    if (found.length === 0) return "No incidents.";
    const head = ["STATE", "OPENED", "LASTED", "INCIDENT"];
    const rows = found.map((each) => row(each, style));
    const titles = found.map((each) => `  ${headline(each)}`);
    const lines = columns([head.map((cell) => style.paint("grey", cell)), ...rows]).split("\n");
    return [lines[0], ...lines.slice(1).flatMap((line, index) => [line, titles[index]])].join("\n");
  });
  return 0;
};

/** Those that go on, then the others; of each the last change first. */
export function inOrder(live: readonly Incident[], all: readonly Incident[]): readonly Incident[] {
  const known = new Set(live.map(({ id }) => id));
  const rest = all.filter(({ id }) => !known.has(id));
  return [...live.toSorted(byChange), ...rest.toSorted(byChange)];
}

function byChange(a: Incident, b: Incident): number {
  return changedAt(b) - changedAt(a);
}

function changedAt(incident: Incident): number {
  const { state } = incident;
  return "at" in state ? state.at : begunAtOf(incident);
}

/** It begins with the cause. */
function headline(incident: Incident): string {
  const { reopened } = incident;
  const again = reopened ? ` (reopened ${lateTime(reopened.at, realClock.now().wallMs)})` : "";
  return `${plainText(headlineOf(incident))}${again}`;
}

function row(incident: Incident, style: Style): readonly string[] {
  const { id, openedAt, state } = incident;
  const { wallMs } = realClock.now();
  const endedAt = state.kind === "resolved" ? state.at : wallMs;
  const lasted = formatDuration(Math.max(0, endedAt - begunAtOf(incident)));
  return [style.state(state.kind), lateTime(openedAt, wallMs), lasted, id];
}

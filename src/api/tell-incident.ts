/**
 * The story of one incident, for people: its failures, what was tried, whether it helped.
 *
 * Told from the tables, which are complete; what only the journal knows (plans withheld, changes of
 * the incident's own state) is added from its last entries.
 * I1. Bounded: at most `failuresMax` failures, and `entriesMax` entries of the journal.
 */
import type { z } from "zod";
import { formatDuration } from "../kernel/index.ts";
import {
  type ActionRow,
  type Entry,
  type FailureRow,
  headlineOf,
  type Incident,
  type SealedEntry,
  type Store,
  shownAnswer,
  shownOrigin,
  shownState,
} from "../model/index.ts";
import type { Call, Frozen } from "./procedures/procedure.ts";
import type { incidentStory } from "./shapes/incident.ts";
import { verdictOf } from "./verdict-of.ts";
import { visibleAction } from "./visible.ts";

type Story = Frozen<z.output<typeof incidentStory>>;
type Item = Story["timeline"][number];
type Past = Pick<Store, "failures" | "actions" | "read" | "last">;

/** As it goes over the wire, with the rows as the store knows them. */
interface IncidentStory extends Incident {
  readonly failureRows: readonly FailureRow[];
  readonly victimRows: readonly FailureRow[];
  readonly actions: readonly ActionRow[];
  readonly verdicts: Story["verdicts"];
  readonly timeline: Story["timeline"];
}

interface Telling {
  readonly house: { readonly store: Past };
  readonly caller: Call["caller"];
}

const failuresMax = 100;
const entriesMax = 5000;
const pageSize = 500;

export async function tellIncident(
  { house, caller }: Telling,
  incident: Incident,
): Promise<IncidentStory> {
  const failureRows = await rowsOf(house, incident.failures);
  const victimRows = await rowsOf(house, incident.victims);
  const actions: ActionRow[] = [];
  for (const { id } of failureRows) {
    actions.push(...(await house.store.actions({ limit: 100, failureEventId: id })));
  }
  actions.sort((a, b) => a.id - b.id);
  const verdicts = actions.flatMap((row) => verdictOf(row) ?? []);
  const entries = await entriesSince(house, incident.openedAt);
  const timeline: Item[] = [
    ...failureRows.flatMap((row) => failureItems(row, "failure")),
    ...victimRows.flatMap((row) => failureItems(row, "victim")),
    ...actions.flatMap(actionItems),
    ...verdicts.map(({ at, healed, strategy, reason }) => {
      return {
        at,
        kind: "verdict",
        text: `${strategy} ${healed ? "helped" : "did not help"}: ${reason}`,
      };
    }),
    ...entries.flatMap((sealed) => entryItems(sealed, incident.id)),
  ];
  return {
    ...incident,
    failureRows,
    victimRows,
    actions: actions.map((row) => visibleAction(row, caller)),
    verdicts,
    timeline: timeline.sort((a, b) => a.at - b.at),
  };
}

async function rowsOf(
  house: Telling["house"],
  events: readonly string[],
): Promise<readonly FailureRow[]> {
  const found = await Promise.all(
    events.slice(-failuresMax).map((eventId) => house.store.failures({ limit: 1, eventId })),
  );
  return found.flat().sort((a, b) => a.id - b.id);
}

/** Read backwards from the end, until the incident had not begun. */
async function entriesSince(
  house: Telling["house"],
  openedAt: number,
): Promise<readonly SealedEntry[]> {
  const last = await house.store.last();
  const found: SealedEntry[] = [];
  let end = last?.position ?? 0;
  while (end > 0 && found.length < entriesMax) {
    const begin = Math.max(1, end - pageSize + 1);
    const page = (await house.store.read(begin, end - begin + 1)).filter(
      ({ position }) => position <= end,
    );
    const first = page[0];
    found.unshift(...page.filter(({ at }) => at >= openedAt - 1000));
    if (first === undefined || first.at < openedAt - 1000) break;
    end = begin - 1;
  }
  return found;
}

function failureItems(row: FailureRow, kind: "failure" | "victim"): readonly Item[] {
  const { affectedService, failureType, errorMessage, timestamp, resolvedAt } = row;
  const what = `${failureType} of ${affectedService}`;
  const raised = { at: timestamp, kind, text: `${what}: ${errorMessage ?? "no reason given"}` };
  if (resolvedAt === null) return [raised];
  return [raised, { at: resolvedAt, kind: "resolved", text: `${what} is over` }];
}

function actionItems(row: ActionRow): readonly Item[] {
  const { actionStrategy, timestamp, completedAt, durationMs } = row;
  const kind = "action";
  const waits = { at: timestamp, kind, text: `${actionStrategy} waits for approval` };
  const answer = shownAnswer(row);
  const approvedAt = answer?.kind === "approved" ? answer.at : undefined;
  const text = `${actionStrategy} begins (${shownOrigin(row)})`;
  const begins = { at: approvedAt ?? timestamp, kind, text };
  const begun = !hasBegun(row) ? [waits] : approvedAt === undefined ? [begins] : [waits, begins];
  if (completedAt === null) return begun;
  const after = durationMs === null ? "" : ` after ${formatDuration(durationMs)}`;
  const reason = row.result?.["reason"];
  const why = typeof reason === "string" ? `: ${reason}` : "";
  const what = `${actionStrategy} ${shownState(row).replaceAll("_", " ")}${after}${why}`;
  return [...begun, { at: completedAt, kind, text: what }];
}

/** False for what waits for a person, and for what was never let begin. */
function hasBegun(row: ActionRow): boolean {
  return !["dismissed", "withdrawn", "waiting_for_approval"].includes(shownState(row));
}

function entryItems({ entry, at }: SealedEntry, incident: string): readonly Item[] {
  const text = textOf(entry, incident);
  return text === undefined ? [] : [{ at, kind: entry.kind, text }];
}

function textOf(entry: Entry, incident: string): string | undefined {
  if (entry.kind === "withheld" && entry.incident === incident) {
    const steps = entry.steps ?? [];
    const would = steps.length === 0 ? "" : ` (it would: ${steps.join(", ")})`;
    return `${entry.strategy} was not tried: ${entry.reason}${would}`;
  }
  if (entry.kind !== "incident" || entry.incident.id !== incident) return undefined;
  const { state } = entry.incident;
  if (state.kind === "resolved") {
    const isDoer = state.by === "itself" || !state.by.includes(" ");
    return isDoer ? `resolved by ${state.by}` : `resolved: ${state.by}`;
  }
  if (state.kind === "escalated") return `escalated: ${state.reason}`;
  return state.kind === "open" ? `open: ${headlineOf(entry.incident)}` : state.kind;
}

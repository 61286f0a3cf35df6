/** The verdict that stands in an action's result, or undefined while there is none. */
import type { ActionRow } from "../model/index.ts";

export interface VerdictView {
  readonly actionId: string;
  readonly strategy: string;
  readonly healed: boolean;
  readonly reason: string;
  readonly at: number;
  readonly healedAfterMs: number | null;
}

export function verdictOf(row: ActionRow): VerdictView | undefined {
  const verdict = row.result?.["verdict"];
  if (typeof verdict !== "object" || verdict === null || !("healed" in verdict)) return undefined;
  const { healed, reason, at, healedAfterMs } = verdict;
  return {
    actionId: row.actionId,
    strategy: row.actionStrategy,
    healed: healed === true,
    reason: typeof reason === "string" ? reason : "",
    at: typeof at === "number" ? at : (row.completedAt ?? row.timestamp),
    healedAfterMs: typeof healedAfterMs === "number" ? healedAfterMs : null,
  };
}

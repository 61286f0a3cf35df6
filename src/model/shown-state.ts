import { type Answer, interrupted } from "./action.ts";
import type { ActionRow } from "./rows.ts";

const waitingForApproval = "waiting_for_approval";

/**
 * The state of an action as people know it. The table has five; what a person refused, or was not
 * asked for any more, is none that failed; nor is what outlived the daemon, whose end nobody has
 * seen; and what waits for a person has not begun.
 */
export function shownState(row: ActionRow): string {
  const kind = shownAnswer(row)?.kind;
  if (kind === "dismissed" || kind === "withdrawn") return kind;
  if (row.status === "failed" && row.result?.["reason"] === interrupted) return "interrupted";
  return row.result?.["state"] === waitingForApproval ? waitingForApproval : row.status;
}

/** "by itself", or who asked for it, let it begin or refused it. */
export function shownOrigin(row: ActionRow): string {
  const { automated, triggeredBy } = row;
  const answer = shownAnswer(row);
  if (answer?.kind === "dismissed") return `by ${answer.by}`;
  if (automated) return "by itself";
  return `${answer?.kind === "approved" ? "approved" : "asked for"} by ${triggeredBy ?? "a person"}`;
}

/** What became of its waiting for a person; undefined where it did not wait, or waits yet. */
export function shownAnswer({ result }: ActionRow): Answer | undefined {
  const answer = result?.["answer"];
  const isRecord = typeof answer === "object" && answer !== null && !Array.isArray(answer);
  return isRecord ? (answer as unknown as Answer) : undefined;
}

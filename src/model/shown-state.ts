import type { ActionRow } from "./rows.ts";

/**
 * The state of an action as people know it. The table has five; what a person refused, or was not
 * asked for any more, is none that failed.
 */
export function shownState({ status, result }: ActionRow): string {
  const kind = answerOf(result)?.["kind"];
  return kind === "dismissed" || kind === "withdrawn" ? kind : status;
}

/** "by itself", or who asked for it, let it begin or refused it. */
export function shownOrigin({ automated, triggeredBy, result }: ActionRow): string {
  const { kind, by } = answerOf(result) ?? {};
  if (kind === "dismissed" && typeof by === "string") return `by ${by}`;
  if (automated) return "by itself";
  return `${kind === "approved" ? "approved" : "asked for"} by ${triggeredBy ?? "a person"}`;
}

function answerOf(result: ActionRow["result"]): Readonly<Record<string, unknown>> | undefined {
  const answer = result?.["answer"];
  return typeof answer === "object" && answer !== null && !Array.isArray(answer)
    ? (answer as Readonly<Record<string, unknown>>)
    : undefined;
}

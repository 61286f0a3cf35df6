/**
 * What was kept of a process before it was ended: its state, descriptors, last log lines and
 * blocked stack, as the step `diagnose` of an action has reported them.
 */
import type { ActionRow } from "../model/index.ts";

/** Steps that only look, and whose report is what people want to read afterwards. */
const looks: ReadonlySet<string> = new Set(["diagnose", "collect"]);

interface StepReport {
  readonly kind: string;
  readonly detail: string;
}

/** One text for each look; empty where nothing was kept. */
export function evidenceOf(row: ActionRow): readonly string[] {
  return stepsOf(row).flatMap(({ kind, detail }) => (isKept(kind, detail) ? [detail] : []));
}

/** The result without what `evidenceOf` tells. */
export function resultWithoutEvidence(row: ActionRow): ActionRow["result"] {
  if (evidenceOf(row).length === 0 || row.result === null) return row.result;
  const steps = stepsOf(row).map(({ kind, detail }) => ({
    kind,
    detail: isKept(kind, detail) ? "kept, see above" : detail,
  }));
  return { ...row.result, steps };
}

/** Where it can be read, a line for each action that kept any. */
export function evidencePointers(rows: readonly ActionRow[]): readonly string[] {
  return rows
    .filter((row) => evidenceOf(row).length > 0)
    .map((row) => `Kept before ${row.actionStrategy}: soulmirror show ${row.actionId}`);
}

function isKept(kind: string, detail: string): boolean {
  return looks.has(kind) && detail !== "" && !detail.startsWith("not done: ");
}

function stepsOf({ result }: ActionRow): readonly StepReport[] {
  const steps = result?.["steps"];
  if (!Array.isArray(steps)) return [];
  return (steps as readonly unknown[]).flatMap((step) => (isReport(step) ? [step] : []));
}

function isReport(step: unknown): step is StepReport {
  if (typeof step !== "object" || step === null) return false;
  const { kind, detail } = step as Partial<StepReport>;
  return typeof kind === "string" && typeof detail === "string";
}

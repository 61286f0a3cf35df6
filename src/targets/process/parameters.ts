/** What a step says, read strictly enough to be safe and loosely enough to have defaults. */
import type { JsonRecord } from "../../kernel/index.ts";
import type { ProcessIdentity, ResourceId, StepResult } from "../../model/index.ts";
import type { ProcessContext } from "./context.ts";
import type { Run } from "./run.ts";

export function textOf(parameters: JsonRecord, name: string): string | undefined {
  const value = parameters[name];
  return typeof value === "string" ? value : undefined;
}

export function numberOf(parameters: JsonRecord, name: string): number | undefined {
  const value = parameters[name];
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

export function identityOf(record: JsonRecord | undefined): ProcessIdentity | undefined {
  const value = record?.["process"] as Partial<ProcessIdentity> | undefined;
  if (typeof value?.pid !== "number" || typeof value.startTicks !== "number") return undefined;
  return { pid: value.pid, startTicks: value.startTicks, bootId: value.bootId ?? "" };
}

/** The runs that `which` names, `fallback` when it is not said. */
export function runsNamed(
  context: ProcessContext,
  resource: ResourceId,
  { which, fallback }: { which: string | undefined; fallback: "current" | "all" },
): readonly Run[] {
  const current = context.table.current(resource);
  const previous = context.table.previous(resource);
  const wanted = which ?? fallback;
  const runs =
    wanted === "current" ? [current] : wanted === "previous" ? [previous] : [previous, current];
  return runs.filter((run) => run !== undefined);
}

export function done(detail: string): StepResult {
  return { kind: "done", detail };
}

export function failure(reason: string): StepResult {
  return { kind: "failed", reason };
}

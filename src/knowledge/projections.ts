/**
 * The tables, derived from the journal: what does one entry change in which row?
 *
 * Every store applies the same changes in the transaction that takes the entry, so that a table
 * never says anything that the journal does not.
 * R1. Pure, and the same changes for the same entry: a table can be built again from the journal.
 * R2. Texts are made fit for every database here (no NUL, no half characters), so that no entry
 *     can be refused because of what a service printed.
 */
import type { Json, JsonRecord } from "../kernel/index.ts";
import {
  type Action,
  type ActionRow,
  type Failure,
  type FailureRow,
  failureTypes,
  type Incident,
  instanceOf,
  isFinished,
  kindOf,
  nameOf,
  type ResourceId,
  type SealedEntry,
  type Verdict,
} from "../model/index.ts";

export type RowChange =
  /** A new row, or the same event judged again: then `createdAt` and `resolved` stay. */
  | {
      readonly kind: "put_failure";
      readonly row: Omit<FailureRow, "id" | "resolved" | "resolvedAt">;
    }
  | { readonly kind: "resolve_failure"; readonly eventId: string; readonly at: number }
  /**
   * A new row, or what has become of it: then `createdAt` stays, and so does a verdict that is in
   * `result` already. `failureEventId` is the row of `eventId`, null where there is none.
   */
  | {
      readonly kind: "put_action";
      readonly eventId: string | null;
      readonly row: Omit<ActionRow, "id" | "failureEventId">;
    }
  /** Joins `verdict` to the result of the action. */
  | { readonly kind: "judge_action"; readonly actionId: string; readonly verdict: JsonRecord }
  | { readonly kind: "put_incident"; readonly at: number; readonly incident: Incident };

export function project(sealed: SealedEntry): readonly RowChange[] {
  const { entry, at } = sealed;
  switch (entry.kind) {
    case "failure_raised":
      return [{ kind: "put_failure", row: failureRow(entry.failure, at) }];
    case "failure_resolved":
      return [{ kind: "resolve_failure", eventId: fit(entry.failure), at }];
    case "action":
      return [putAction(entry.action, at)];
    case "verdict":
      return judgeAction(entry.verdict);
    case "incident":
      return [{ kind: "put_incident", at, incident: fitJson(entry.incident) }];
    default:
      return [];
  }
}

/** The result of an action, with the verdict that was reached meanwhile. */
export function withVerdict(result: JsonRecord | null, before: JsonRecord | null): JsonRecord {
  const verdict = before?.["verdict"];
  return verdict === undefined ? { ...result } : { ...result, verdict };
}

function failureRow(
  failure: Failure,
  at: number,
): Omit<FailureRow, "id" | "resolved" | "resolvedAt"> {
  const { resource, sensor, evidence, part } = failure;
  return {
    eventId: fit(failure.id),
    timestamp: Math.round(failure.at),
    failureCategory: failureTypes[failure.type].category,
    failureType: failure.type,
    severity: failure.severity,
    affectedService: fit(serviceOf(resource)),
    errorMessage: fit(failure.reason),
    errorStack: null,
    context: fitJson({
      resource,
      sensor,
      evidence: [...evidence],
      ...(part === undefined ? {} : { part }),
    }),
    detectionMethod: fit(failure.detector),
    userId: null,
    requestId: null,
    createdAt: Math.round(at),
  };
}

function putAction(action: Action, at: number): RowChange {
  const { plan, status } = action;
  const { cause, resource, reason } = plan;
  const person = personOf(action);
  const steps = plan.steps.map((step) => ({
    kind: step.kind,
    resource: step.resource,
    parameters: step.parameters,
  }));
  const row: Omit<ActionRow, "id" | "failureEventId"> = {
    actionId: fit(action.id),
    timestamp: Math.round(action.at),
    actionType: fit(typeOf(action)),
    actionStrategy: fit(plan.strategy),
    status: statusOf(status.kind),
    automated: person === undefined,
    triggeredBy: fit(person ?? "system"),
    parameters: fitJson({ resource, reason, steps }),
    result: fitJson(resultOf(action)),
    durationMs: tookMs(status),
    completedAt: isFinished(action) ? Math.round(at) : null,
    createdAt: Math.round(at),
  };
  return { kind: "put_action", eventId: cause.kind === "failure" ? fit(cause.failure) : null, row };
}

/** Who asked for it, or let it begin. */
function personOf({ plan, answer }: Action): string | undefined {
  if (plan.cause.kind === "person") return plan.cause.by;
  return answer?.kind === "approved" ? answer.by : plan.askedBy;
}

/** What kind of deed it is: that of its last step that is more than a look or a preparation. */
function typeOf({ plan }: Action): string {
  const deeds = plan.steps.map((step) => step.kind);
  if (deeds.includes("start")) return deeds.includes("stop") ? "restart" : "start";
  return deeds.findLast((kind) => !besides.has(kind)) ?? plan.strategy;
}

const besides: ReadonlySet<string> = new Set(["ready", "drain", "eject", "diagnose", "collect"]);

/** The seed knows five states; what is more exact stands in `result.state`. */
function statusOf(kind: Action["status"]["kind"]): ActionRow["status"] {
  if (kind === "waiting_for_approval") return "initiated";
  return kind === "rolling_back" ? "in_progress" : kind;
}

function tookMs(status: Action["status"]): number | null {
  const elapsedMs = "elapsedMs" in status ? status.elapsedMs : undefined;
  return elapsedMs === undefined ? null : Math.round(elapsedMs);
}

function resultOf({ status, done, plan, answer, preview }: Action): JsonRecord {
  const steps = done.map(({ step, detail }) => ({
    kind: plan.steps[step]?.kind ?? "unknown",
    detail,
  }));
  return {
    state: status.kind,
    steps,
    ...("reason" in status ? { reason: status.reason } : {}),
    ...(answer === undefined ? {} : { answer }),
    ...(preview === undefined ? {} : { preview }),
  };
}

function judgeAction(verdict: Verdict): readonly RowChange[] {
  if (verdict.action === undefined) return [];
  const { healed, reason, at, healedAfterMs } = verdict;
  const text: JsonRecord = fitJson({
    healed,
    reason,
    at,
    ...(healedAfterMs === undefined ? {} : { healedAfterMs }),
  });
  return [{ kind: "judge_action", actionId: fit(verdict.action), verdict: text }];
}

/** The name that people know it by: of an instance its service, of other kinds `kind/name`. */
function serviceOf(resource: ResourceId): string {
  const instance = instanceOf(resource);
  if (instance) return instance.service;
  return kindOf(resource) === "service" ? nameOf(resource) : resource;
}

function fit(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}

/** Deep `fit`; numbers that JSON does not know become null, as they would in the journal. */
function fitJson<T>(value: T): T {
  return fitMember(value) as T;
}

function fitMember(value: unknown): Json | undefined {
  if (typeof value === "string") return fit(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (Array.isArray(value)) return value.map((member) => fitMember(member) ?? null);
  if (typeof value !== "object" || value === null) return value as boolean | null | undefined;
  const record: Record<string, Json> = {};
  for (const [key, member] of Object.entries(value)) {
    const fitted = fitMember(member);
    if (fitted !== undefined) record[fit(key)] = fitted;
  }
  return record;
}

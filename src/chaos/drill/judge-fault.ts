/**
 * From what was seen during one fault to its verdict. Pure. Whether requests were harmed and when
 * they were well again comes from the ledger of the request generator; the daemon's own records
 * only say what it reported and did.
 *
 * J1. Healed means: a clean window began in time, with a right diagnosis where one is due, by a
 *     strategy that was meant to, what had to be taken back before was taken back, and nothing that
 *     had been acknowledged is lost.
 * J2. A control passes when nothing was reported and nothing was done.
 */
import type { FailureType } from "../../model/index.ts";
import type { Fault } from "../fault.ts";
import type { DrillRow, DrillVerdict, TriedStrategy } from "./drill-row.ts";

export interface FaultRecord {
  readonly fault: Pick<
    Fault,
    "id" | "title" | "control" | "diagnosis" | "inVain" | "healedBy" | "healWithinMs"
  >;
  /** Wall milliseconds of the blow. */
  readonly at: number;
  /** What the daemon reported because of it, oldest first. */
  readonly failures: readonly { readonly at: number; readonly type: FailureType }[];
  /** Recoveries only; what a person or a deployment asked for is none. */
  readonly strategies: readonly TriedStrategy[];
  readonly healing:
    | { readonly kind: "unharmed" }
    | { readonly kind: "healed"; readonly afterMs: number }
    | { readonly kind: "open"; readonly reason: string };
  readonly requests: number;
  readonly failedRequests: number;
  /** Acknowledged writes that are gone or wrong. Doubled ones show in sums, of no row. */
  readonly damagedWrites: number;
  /** What the proof of the injection said. */
  readonly objection?: string;
}

/** What became of one fault, as far as it is known at its end, or a row that stays as it is. */
export type FaultRun =
  | { readonly kind: "seen"; readonly record: Omit<FaultRecord, "damagedWrites"> }
  | { readonly kind: "none"; readonly row: DrillRow };

/**
 * A damaged write (wall milliseconds of when it was sent) belongs to the last fault before it; what
 * was sent before the first one belongs to none.
 */
export function judgeRuns(
  runs: readonly FaultRun[],
  damagedAt: readonly number[],
): readonly DrillRow[] {
  const starts = runs.flatMap((run) => (run.kind === "seen" ? [run.record.at] : []));
  return runs.map((run) => {
    if (run.kind === "none") return run.row;
    const { at } = run.record;
    const untilAt = Math.min(...starts.filter((other) => other > at), Number.POSITIVE_INFINITY);
    const damagedWrites = damagedAt.filter((sent) => sent >= at && sent < untilAt).length;
    return judgeFault({ ...run.record, damagedWrites });
  });
}

export function judgeFault(record: FaultRecord): DrillRow {
  const { fault, failures, healing } = record;
  const isRight = ({ type }: { type: FailureType }): boolean => fault.diagnosis.includes(type);
  const detection = failures.find(isRight) ?? failures[0];
  const healer = healerOf(record);
  const healedBy = healing.kind === "healed" ? (healer ?? "itself") : healer;
  return {
    fault: fault.id,
    title: fault.title,
    control: fault.control,
    ...(detection ? { detectedAfterMs: Math.max(0, detection.at - record.at) } : {}),
    diagnosedAs: [...new Set(failures.map(({ type }) => type))],
    strategies: record.strategies,
    ...(healedBy === undefined ? {} : { healedBy }),
    ...(healing.kind === "healed" ? { healedAfterMs: healing.afterMs } : {}),
    requests: record.requests,
    failedRequests: record.failedRequests,
    damagedWrites: record.damagedWrites,
    verdict: verdictOf(record, healer),
  };
}

/** Of several that helped (each instance has its own) the one that was meant to. */
function healerOf({ strategies, fault }: FaultRecord): string | undefined {
  const helped = strategies.filter(({ outcome }) => outcome === "helped").map(({ name }) => name);
  return helped.findLast((name) => fault.healedBy.includes(name)) ?? helped.at(-1);
}

/** The row of a fault that was not injected. */
export function rowOfNone(
  fault: Pick<Fault, "id" | "title" | "control">,
  verdict: DrillVerdict,
): DrillRow {
  return {
    fault: fault.id,
    title: fault.title,
    control: fault.control,
    diagnosedAs: [],
    strategies: [],
    requests: 0,
    failedRequests: 0,
    damagedWrites: 0,
    verdict,
  };
}

function verdictOf(record: FaultRecord, healer: string | undefined): DrillVerdict {
  const { fault, damagedWrites, objection } = record;
  const reasons = fault.control ? noise(record) : shortfalls(record, healer);
  if (damagedWrites > 0) reasons.push(`${damagedWrites} acknowledged writes lost or wrong`);
  if (objection !== undefined) reasons.push(objection);
  if (reasons.length > 0) return { kind: "failed", reasons };
  return { kind: fault.control ? "quiet" : "healed" };
}

/** Keeps J2. */
function noise({ failures, strategies, healing }: FaultRecord): string[] {
  const reasons: string[] = [];
  if (failures.length > 0) reasons.push(`${list(failures.map(({ type }) => type))} was reported`);
  if (strategies.length > 0) reasons.push(`${list(strategies.map(({ name }) => name))} was tried`);
  if (healing.kind === "open") reasons.push(`not well again: ${healing.reason}`);
  return reasons;
}

/** Keeps J1. */
function shortfalls(record: FaultRecord, healer: string | undefined): string[] {
  const { fault, failures, healing } = record;
  const reasons: string[] = [];
  const types = failures.map(({ type }) => type);
  if (healing.kind === "open") reasons.push(`not healed: ${healing.reason}`);
  if (healing.kind === "healed" && healing.afterMs > fault.healWithinMs) {
    reasons.push(`healed after ${healing.afterMs} ms, ${fault.healWithinMs} ms at most`);
  }
  if (fault.diagnosis.length > 0 && !types.some((type) => fault.diagnosis.includes(type))) {
    const found = types.length > 0 ? list(types) : "nothing";
    reasons.push(`reported ${found}; right is ${fault.diagnosis.join(" or ")}`);
  }
  for (const name of fault.inVain ?? []) {
    if (!record.strategies.some((tried) => tried.name === name && tried.outcome === "undone")) {
      reasons.push(`${name} was not tried in vain and taken back`);
    }
  }
  if (fault.healedBy.length > 0 && healing.kind !== "open") {
    if (healer === undefined) reasons.push(`no strategy proved to help`);
    else if (!fault.healedBy.includes(healer)) {
      reasons.push(`healed by ${healer}; meant to by ${fault.healedBy.join(" or ")}`);
    }
  }
  return reasons;
}

function list(names: readonly string[]): string {
  return [...new Set(names)].join(", ");
}

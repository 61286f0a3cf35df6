/**
 * The state of a circuit as it is kept and shared: wall time throughout, because it is read after a
 * restart and by other processes.
 *
 * M1. Of two states of one circuit that which opened last wins; of one opening, the later state.
 *     So a process that never saw it open cannot close it for the others, and who closed it can.
 * M2. A clock that was wrong harms nobody for longer than a circuit is open: times that lie ahead
 *     are taken as now.
 * M3. Reading never throws: what is no state is left out and counted.
 * M4. An isolation counts only where it is known to be the service's own.
 */
import { canonicalJson } from "../../kernel/index.ts";
import type { BreakerPhase } from "../../resilience/index.ts";

/** Milliseconds since 1970. */
export interface SavedBreaker {
  readonly name: string;
  readonly phase: BreakerPhase;
  readonly failureCount: number;
  readonly successCount: number;
  /** When it opened last, or was isolated; stays when it has closed. */
  readonly openedAt: number | undefined;
  /** When probes are let through, while it is open. */
  readonly nextRetryAt: number | undefined;
  readonly lastFailureAt: number | undefined;
  readonly lastSuccessAt: number | undefined;
  /** It opened because others said so, and not by what it has seen itself. */
  readonly isInduced: boolean;
  readonly configuration: SavedConfiguration | undefined;
  readonly updatedAt: number;
}

export interface SavedConfiguration {
  readonly failureThreshold: number;
  readonly successThreshold: number;
  /** Of a call. */
  readonly timeout: number;
  readonly resetTimeout: number;
}

/** A store keeps no more; beyond it the ones that changed longest ago go. */
export const breakersMax = 10_000;

const phases: ReadonlySet<unknown> = new Set(["closed", "open", "half_open", "isolated"]);
const nameMax = 500;
/** Time is written by other processes, whose clocks differ a little. */
const ahead = 5000;

/** Undefined when `value` is no state. */
export function readSaved(value: unknown): SavedBreaker | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const from = value as Readonly<Record<string, unknown>>;
  const { name, phase } = from;
  if (typeof name !== "string" || name === "" || name.length > nameMax) return undefined;
  if (!phases.has(phase)) return undefined;
  const updatedAt = timeOf(from["updatedAt"]);
  if (updatedAt === undefined) return undefined;
  return {
    name,
    phase: phaseIn(phase as BreakerPhase, from),
    failureCount: countOf(from["failureCount"]),
    successCount: countOf(from["successCount"]),
    openedAt: timeOf(from["openedAt"]),
    nextRetryAt: timeOf(from["nextRetryAt"]),
    lastFailureAt: timeOf(from["lastFailureAt"]),
    lastSuccessAt: timeOf(from["lastSuccessAt"]),
    isInduced: from["isInduced"] === true,
    configuration: configurationOf(from["configuration"]),
    updatedAt,
  };
}

/**
 * M4. Who says nothing of `isInduced` is an older version. It kept what the daemon isolates as the
 * service's own: whoever still wants that says so anew.
 */
function phaseIn(
  phase: BreakerPhase,
  { isInduced }: Readonly<Record<string, unknown>>,
): BreakerPhase {
  return phase === "isolated" && typeof isInduced !== "boolean" ? "closed" : phase;
}

/** M1. True when `one` goes before `other`. */
export function goesBefore(one: SavedBreaker, other: SavedBreaker): boolean {
  const [opened, others] = [one.openedAt ?? 0, other.openedAt ?? 0];
  if (opened !== others) return opened > others;
  if (one.updatedAt !== other.updatedAt) return one.updatedAt > other.updatedAt;
  // The same in whatever order they come.
  return canonicalJson(one) > canonicalJson(other);
}

/** By name, at most `breakersMax`. The result does not depend on the order. */
export function mergeSaved(
  ...sets: readonly (readonly SavedBreaker[])[]
): ReadonlyMap<string, SavedBreaker> {
  const merged = new Map<string, SavedBreaker>();
  for (const state of sets.flat()) {
    const known = merged.get(state.name);
    if (known === undefined || goesBefore(state, known)) merged.set(state.name, state);
  }
  if (merged.size <= breakersMax) return merged;
  const newest = [...merged].sort(([, a], [, b]) => b.updatedAt - a.updatedAt);
  return new Map(newest.slice(0, breakersMax));
}

/** M2. How the state is to be understood now. */
export function asOfNow(state: SavedBreaker, nowMs: number): SavedBreaker {
  const past = (at: number | undefined): number | undefined =>
    at !== undefined && at > nowMs + ahead ? nowMs : at;
  const openForMs = openForMsOf(state);
  const openedAt = past(state.openedAt);
  const latest = openForMs === undefined ? undefined : nowMs + openForMs;
  const nextRetryAt =
    state.nextRetryAt !== undefined && latest !== undefined
      ? Math.min(state.nextRetryAt, latest)
      : undefined;
  return {
    ...state,
    openedAt,
    nextRetryAt,
    lastFailureAt: past(state.lastFailureAt),
    lastSuccessAt: past(state.lastSuccessAt),
    updatedAt: past(state.updatedAt) ?? nowMs,
  };
}

/** For how long it opened; undefined when it did not. */
export function openForMsOf({ openedAt, nextRetryAt }: SavedBreaker): number | undefined {
  if (openedAt === undefined || nextRetryAt === undefined) return undefined;
  return Math.max(0, nextRetryAt - openedAt);
}

function timeOf(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 && value < 1e15 ? value : undefined;
}

function countOf(value: unknown): number {
  return Number.isInteger(value) && (value as number) >= 0 ? Math.min(value as number, 1e9) : 0;
}

function configurationOf(value: unknown): SavedConfiguration | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const from = value as Readonly<Record<string, unknown>>;
  return {
    failureThreshold: countOf(from["failureThreshold"]),
    successThreshold: countOf(from["successThreshold"]),
    timeout: countOf(from["timeout"]),
    resetTimeout: countOf(from["resetTimeout"]),
  };
}

/**
 * The second stage: is something wrong (detectors), and which failures belong together
 * (incidents)? It decides nothing about what to do.
 */
import type { Fleet, Topology } from "../config/index.ts";
import type { Ids, Instant } from "../kernel/index.ts";
import {
  type Action,
  type Failure,
  type Incident,
  isFinished,
  type Observation,
  touchedBy,
} from "../model/index.ts";
import type { Usual } from "./detectors/deviation.ts";
import { correlate } from "./incidents.ts";
import {
  createIncidentsState,
  type IncidentsMemory,
  type IncidentsState,
  type Outcome,
  restoreIncidents,
} from "./incidents-state.ts";
import {
  adoptFleet,
  closeFailure,
  createJudgeState,
  type Evidence,
  type JudgeState,
  judge,
  reopenFailure,
} from "./judge.ts";

export interface AnalyzeState {
  readonly judging: JudgeState;
  readonly incidents: IncidentsState;
}

export interface AnalyzeTools {
  readonly ids: Ids;
  readonly usual: Usual;
}

export interface AnalyzeInputs {
  readonly observations: readonly Observation[];
  readonly outcomes: readonly Outcome[];
  /** Of the tick before, whoever asked for them. */
  readonly actions: readonly Action[];
}

export interface Analysis {
  readonly state: AnalyzeState;
  readonly raised: readonly Failure[];
  readonly evidence: readonly Evidence[];
  /** Incidents that changed, in their new form. */
  readonly incidents: readonly Incident[];
  readonly wakeMs: number | undefined;
}

export function createAnalyzeState(
  fleet: Fleet,
  topology: Topology,
  { ids, usual }: AnalyzeTools,
): AnalyzeState {
  return {
    judging: createJudgeState(fleet, ids, usual),
    incidents: createIncidentsState(fleet, topology, ids),
  };
}

export function analyze(state: AnalyzeState, inputs: AnalyzeInputs, now: Instant): Analysis {
  for (const action of inputs.actions) noteActing(state.judging, action);
  for (const outcome of inputs.outcomes) {
    if (outcome.kind !== "failure_resolved") continue;
    const failure = state.incidents.failures.get(outcome.failure);
    if (failure) closeFailure(state.judging, failure);
  }
  const { raised, evidence } = judge(state.judging, inputs.observations, now);
  const incidents = correlate(state.incidents, { raised, outcomes: inputs.outcomes }, now);
  const silenceMs = state.judging.silence.nextDueMs();
  const graceMs = state.incidents.grace.nextDueMs();
  const wakeMs = Math.min(
    silenceMs ?? Number.POSITIVE_INFINITY,
    graceMs ?? Number.POSITIVE_INFINITY,
  );
  return {
    state,
    raised,
    evidence,
    incidents,
    wakeMs: Number.isFinite(wakeMs) ? wakeMs : undefined,
  };
}

function noteActing(judging: JudgeState, action: Action): void {
  for (const resource of touchedBy(action.plan)) {
    if (isFinished(action)) judging.acting.delete(resource);
    else if (action.status.kind !== "waiting_for_approval") judging.acting.add(resource);
  }
}

/** A new fleet file: thresholds, probes and dependencies may have changed. */
export function adopt(state: AnalyzeState, fleet: Fleet, topology: Topology): void {
  adoptFleet(state.judging, fleet);
  state.incidents.fleet = fleet;
  state.incidents.topology = topology;
}

/** Takes up the failures and incidents that were open when the daemon before this one ended. */
export function restoreAnalysis(state: AnalyzeState, memory: IncidentsMemory, now: Instant): void {
  for (const failure of memory.failures.values()) reopenFailure(state.judging, failure);
  restoreIncidents(state.incidents, memory, now);
}

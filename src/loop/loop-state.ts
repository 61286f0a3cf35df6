import {
  type AnalyzeState,
  createAnalyzeState,
  type Outcome,
  restoreAnalysis,
} from "../analyze/index.ts";
import { createTopology, type Fleet } from "../config/index.ts";
import { createExecuteState, type ExecuteState } from "../execute/index.ts";
import type { Clock, Ids, Random } from "../kernel/index.ts";
import {
  type BaselinesState,
  baselinesOf,
  createBaselines,
  createRollUp,
  type Recollection,
  type RollUpState,
} from "../knowledge/index.ts";
import { type Action, type ResourceId, type Verdict } from "../model/index.ts";
import { createMonitorState, type MonitorState, restoreMonitor } from "../monitor/index.ts";
import { createPlanState, type PlanState, restorePlanning } from "../plan/index.ts";
import { createVerifyState, type VerifyState, verify } from "../verify/index.ts";
import { aimOf, emptyCarry } from "./hand-over.ts";

/** The state of every stage. Each stage changes only its own. */
export interface LoopState {
  fleet: Fleet;
  readonly monitor: MonitorState;
  readonly analyze: AnalyzeState;
  readonly plan: PlanState;
  readonly execute: ExecuteState;
  readonly verify: VerifyState;
  readonly rollUp: RollUpState;
  readonly baselines: BaselinesState;
  carry: Carry;
  /** When plan, execute or verify have something due. */
  laterMs: number | undefined;
  /** When anything but a look is due. */
  restMs: number | undefined;
}

/** What the later stages found in one tick, for the earlier ones of the next. */
export interface Carry {
  readonly outcomes: readonly Outcome[];
  readonly actions: readonly Action[];
  readonly verdicts: readonly Verdict[];
  readonly looks: readonly ResourceId[];
  /** Actions that the daemon before this one left unfinished. */
  readonly resumed: readonly Action[];
}

export interface LoopTools {
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
}

export function createLoopState(fleet: Fleet, tools: LoopTools): LoopState {
  const { ids, random } = tools;
  const topology = createTopology(fleet);
  const baselines = createBaselines();
  const usual = (resource: ResourceId, series: string) => baselinesOf(baselines, resource, series);
  return {
    fleet,
    monitor: createMonitorState(fleet, random),
    analyze: createAnalyzeState(fleet, topology, { ids, usual }),
    plan: createPlanState(fleet, topology, { ids, random }),
    execute: createExecuteState(ids),
    verify: createVerifyState(fleet),
    rollUp: createRollUp(),
    baselines,
    carry: emptyCarry(),
    laterMs: 0,
    restMs: 0,
  };
}

/** Takes up where the daemon before this one ended. */
export function resume(state: LoopState, memory: Recollection, tools: LoopTools): void {
  const now = tools.clock.now();
  const failures = [...memory.failures.values()];
  const actions = [...memory.actions.values()];
  restoreMonitor(state.monitor, failures, now);
  restoreAnalysis(state.analyze, memory, now);
  verify(
    state.verify,
    failures.map((failure) => ({ kind: "raised", failure, isTakenOver: true })),
    now,
  );
  restorePlanning(state.plan, { memory, now });
  const awaited = actions.filter((action) => action.status.kind === "succeeded");
  verify(
    state.verify,
    awaited.flatMap(({ id, plan }) =>
      plan.watch ? [{ kind: "acted", ...aimOf(plan), action: id, watch: plan.watch } as const] : [],
    ),
    now,
  );
  state.carry = { ...emptyCarry(), actions: awaited, resumed: actions };
}

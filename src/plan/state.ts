import type { Fleet, Topology } from "../config/index.ts";
import { DueHeap, type Ids, type Instant, type Mode, type Random } from "../kernel/index.ts";
import {
  type Action,
  type Entry,
  type Experience,
  type ExperienceBook,
  type Failure,
  type Health,
  type Incident,
  type Observation,
  type PersonRequest,
  type Plan,
  type ResourceId,
  type Scaled,
  type SlotRecord,
  type Spent,
  type Tried,
  touchedBy,
  type Verdict,
} from "../model/index.ts";
import { Budget } from "./budget.ts";
import type { Closed } from "./relapses.ts";
import { createSlot, type Slot, want } from "./slots.ts";

/** What the planner remembers. */
export interface PlanState {
  fleet: Fleet;
  topology: Topology;
  readonly ids: Ids;
  readonly random: Random;
  readonly slots: Map<ResourceId, Slot>;
  /** The actions that have added an instance each, by service. */
  readonly added: Map<string, ReadonlySet<string>>;
  readonly cases: Map<ResourceId, RecoveryCase>;
  /** Cases that were closed lately, for relapses. */
  readonly history: Map<ResourceId, Closed>;
  readonly failures: Map<string, Failure>;
  /** Of which incidents a person was told, and why. */
  readonly escalated: Map<string, Set<string>>;
  readonly book: ExperienceBook;
  readonly fleetBudget: Budget;
  readonly budgets: Map<ResourceId, Budget>;
  /** Plans under way or waiting for approval, by every resource that they touch. */
  readonly acting: Map<ResourceId, string>;
  /** Actions that are yet to begin, by the resource that they are for (`approvals.ts`). */
  readonly awaiting: Map<ResourceId, Action>;
  /** Actions whose verdict is awaited. */
  readonly judged: Map<string, Plan>;
  /** Runtime changes of the mode; `fleet`, a service's name or `strategy/<name>`. */
  readonly modes: Map<string, Mode>;
  /** Cases and services that want to be looked at again. */
  readonly due: DueHeap;
  goingDown: boolean;
}

/** The recovery of one resource. */
export interface RecoveryCase {
  readonly resource: ResourceId;
  incident: string;
  asVictim: boolean;
  readonly failures: Map<string, Failure>;
  attempts: readonly Attempt[];
  /** open: something may be done; acting; judging; reverting. */
  phase: "open" | "acting" | "judging" | "reverting";
  readonly sinceMs: number;
  /** When this daemon has last heard that it is ill: at its begin, or by a verdict. */
  knownMs: number;
  dueMs: number;
  /**
   * While judging: failures whose verdict is awaited. What is raised later has a turn of its own.
   */
  readonly judged: Set<string>;
  /** End of the pause before the next attempt, once that is known. */
  restedMs: number | undefined;
  /** When dependencies were asked to prove themselves. */
  askedMs: number | undefined;
  /** When it was last held back for what it needs, and then looked at once more itself. */
  heldMs: number | undefined;
  lookedMs: number | undefined;
  readonly withheld: Set<string>;
  /** For people: until when it is rationed or cooling down. */
  waits?: string | undefined;
  /** Who asked for it: the next attempt needs no budget. */
  askedBy?: string | undefined;
}

export interface Attempt {
  readonly strategy: string;
  readonly action: string;
  helped: boolean | undefined;
}

/** What the planner may ask about the world; answers come from the last judged observations. */
export interface World {
  healthOf(resource: ResourceId): Health;
  /** Monotonic begin of the last good look; -1 for never. */
  goodMs(resource: ResourceId): number;
  /** The same of the last bad one. */
  badMs(resource: ResourceId): number;
}

export interface PlanInputs {
  readonly fleet?: { readonly fleet: Fleet; readonly topology: Topology };
  /** Starts, exits and passed startup looks. */
  readonly processes: readonly Observation[];
  readonly raised: readonly Failure[];
  readonly incidents: readonly Incident[];
  /** Of the tick before. */
  readonly actions: readonly Action[];
  readonly verdicts: readonly Verdict[];
  readonly requests: readonly PersonRequest[];
  /** Heard of after the begin. */
  readonly past?: Pick<PlanMemory, "slots" | "modes">;
  readonly world: World;
}

export interface Planning {
  readonly plans: { readonly plan: Plan; readonly needsApproval: boolean }[];
  readonly entries: Entry[];
  /** Resources of which fresh observations are wanted. */
  readonly looks: ResourceId[];
  readonly escalations: { readonly incident: string; readonly reason: string }[];
  /** Actions that did not help. */
  readonly rollBacks: { readonly action: string; readonly reason: string }[];
  /** Actions whose approval is no longer asked for. */
  readonly withdrawals: { readonly action: string; readonly reason: string }[];
  /** What nobody looks after any more, or one part of it: what was open of that is over. */
  readonly gone: {
    readonly resource: ResourceId;
    readonly part?: string;
    readonly reason: string;
  }[];
  /** Actions over which nothing more will be decided. */
  readonly settled: string[];
  wakeMs: number | undefined;
}

/** What of the life before this daemon the planner needs. */
export interface PlanMemory {
  readonly failures: ReadonlyMap<string, Failure>;
  readonly incidents: ReadonlyMap<string, Incident>;
  readonly slots: ReadonlyMap<string, SlotRecord>;
  readonly book: ReadonlyMap<string, Experience>;
  readonly modes: ReadonlyMap<string, Mode>;
  readonly spent: readonly Spent[];
  readonly actions: ReadonlyMap<string, Action>;
  readonly starts: ReadonlyMap<string, number>;
  readonly tried: ReadonlyMap<string, Tried>;
  readonly scaled: ReadonlyMap<string, Scaled>;
}

/** One tick of the planner: what it reads and what it writes. */
export interface PlanTick {
  readonly now: Instant;
  readonly world: World;
  readonly out: Planning;
}

export function createPlanState(
  fleet: Fleet,
  topology: Topology,
  tools: { readonly ids: Ids; readonly random: Random },
): PlanState {
  const state: PlanState = {
    fleet,
    topology,
    ...tools,
    slots: new Map(),
    added: new Map(),
    cases: new Map(),
    history: new Map(),
    failures: new Map(),
    escalated: new Map(),
    book: new Map(),
    fleetBudget: new Budget(fleet.budgets.perFleet, fleet.budgets.windowMs),
    budgets: new Map(),
    acting: new Map(),
    awaiting: new Map(),
    judged: new Map(),
    modes: new Map(),
    due: new DueHeap(),
    goingDown: false,
  };
  fillSlots(state);
  return state;
}

/** A slot for every instance that the fleet wants; those that it no longer wants are to stop. */
export function fillSlots(state: PlanState): void {
  for (const service of Object.values(state.fleet.services)) {
    for (let number = 1; number <= wantedOf(state, service.name); number += 1) {
      const slot = createSlot(service.name, number);
      if (!state.slots.has(slot.resource)) state.slots.set(slot.resource, slot);
    }
  }
  for (const slot of state.slots.values()) {
    want(slot, slot.number <= wantedOf(state, slot.service));
    slot.declaredHash ??= state.fleet.services[slot.service]?.hash;
    state.due.set(slot.service, 0);
  }
}

/** How many instances there are to be: those that are declared, and those that were added. */
export function wantedOf({ fleet, added }: PlanState, service: string): number {
  const declared = fleet.services[service];
  return declared === undefined ? 0 : declared.instances + (added.get(service)?.size ?? 0);
}

/** Nothing else is done to what its steps touch until it is over. */
export function occupy({ acting }: PlanState, plan: Plan): void {
  for (const resource of touchedBy(plan)) acting.set(resource, plan.id);
}

export function release({ acting }: PlanState, plan: Plan): void {
  for (const resource of touchedBy(plan)) {
    if (acting.get(resource) === plan.id) acting.delete(resource);
  }
}

export function slotsOf(state: PlanState, service: string): readonly Slot[] {
  return [...state.slots.values()].filter((slot) => slot.service === service);
}

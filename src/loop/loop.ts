/**
 * The loop, on one screen:
 *
 *   the world -> monitor -> analyze -> plan -> execute -> verify
 *                   ^                              |
 *   the world <-----+---- commands to effectors <--+
 *
 * One tick takes what has arrived and runs every stage once. It does nothing by itself: what it
 * wants done comes out as data. What later stages found is handed to the earlier ones in the next
 * tick (`carry`), which is due at once; there are no return paths.
 *
 * T1. Same state, same inputs, same time: same outputs.
 * T2. Everything that is decided is in `entries`, which are written before `commands` are run.
 */
import { type Analysis, adopt as adoptAnalysis, analyze, healthOf } from "../analyze/index.ts";
import { createTopology, type Fleet, type Topology } from "../config/index.ts";
import { execute } from "../execute/index.ts";
import type { Instant } from "../kernel/index.ts";
import {
  forgetBaselines,
  forgetRollUp,
  learn,
  type Recollection,
  rollUp,
  type Sketch,
  type SketchPage,
} from "../knowledge/index.ts";
import type {
  BaselineRow,
  Command,
  Entry,
  MetricRow,
  PersonRequest,
  ResourceId,
  StepResult,
} from "../model/index.ts";
import { type MonitorInput, type MonitorOutput, monitor, type Read } from "../monitor/index.ts";
import { plan } from "../plan/index.ts";
import { verify } from "../verify/index.ts";
import { carryOver, emptyCarry, entriesOf, executeInputs, verifyInputs } from "./hand-over.ts";
import type { Carry, LoopState } from "./loop-state.ts";
import { recallUsual } from "./recall-usual.ts";

export type LoopInput =
  | Exclude<MonitorInput, { kind: "look" }>
  | { readonly kind: "result"; readonly command: string; readonly result: StepResult }
  | { readonly kind: "request"; readonly request: PersonRequest }
  /** What a daemon before this one knew to be usual. */
  | ({ readonly kind: "usual" } & SketchPage)
  /** The life before this daemon, where it could not be read when it began. */
  | { readonly kind: "past"; readonly memory: Recollection };

export interface Tick {
  readonly entries: readonly Entry[];
  /** Looks to take; they change nothing and need not wait for the journal. */
  readonly reads: readonly Read[];
  /** Deeds; only after the entries are written. */
  readonly commands: readonly Command[];
  readonly metrics: readonly MetricRow[];
  readonly baselines: readonly BaselineRow[];
  readonly sketches: readonly Sketch[];
  readonly forgotten: readonly string[];
  /** Monotonic time of the next tick when nothing arrives before. */
  readonly wakeMs: number | undefined;
}

export function tick(state: LoopState, inputs: readonly LoopInput[], now: Instant): Tick {
  const carry = takeCarry(state);
  const fleet = adoptFleet(state, inputs);
  const { observations, reads, forgotten, wakeMs } = monitor(
    state.monitor,
    monitorInputs(inputs, carry),
    now,
  );
  const seen: Seen = { inputs, carry, fleet, observations };
  const decided = isOnlyLooking(state, seen, now) ? nothing : judgeAndAct(state, seen, now);
  const { entries, commands, metrics, baselines, sketches } = decided;
  return {
    entries,
    reads,
    commands,
    metrics,
    baselines,
    sketches,
    forgotten,
    wakeMs: isEmpty(state.carry) ? earliest(wakeMs, state.restMs) : now.monotonicMs,
  };
}

/** What has come in, and what the first stage made of it. */
interface Seen {
  readonly inputs: readonly LoopInput[];
  readonly carry: Carry;
  readonly fleet: { readonly fleet: Fleet; readonly topology: Topology } | undefined;
  readonly observations: MonitorOutput["observations"];
}

type Decided = Pick<Tick, "entries" | "commands" | "metrics" | "baselines" | "sketches">;

const nothing: Decided = { entries: [], commands: [], metrics: [], baselines: [], sketches: [] };

/** True when this tick has only asked for looks: half of all ticks do. */
function isOnlyLooking(state: LoopState, seen: Seen, now: Instant): boolean {
  const { inputs, carry, fleet, observations } = seen;
  if (observations.length > 0 || fleet !== undefined || isNew(carry)) return false;
  if (now.monotonicMs >= (state.restMs ?? Number.POSITIVE_INFINITY)) return false;
  return inputs.every(({ kind }) => kind === "read" || kind === "observation");
}

/** Everything after the looks: is something wrong, what to do about it, and what to remember. */
function judgeAndAct(state: LoopState, seen: Seen, now: Instant): Decided {
  const { carry, observations } = seen;
  const { outcomes, actions } = carry;
  const found = analyze(state.analyze, { observations, outcomes, actions }, now);
  const news: News = { ...seen, found };
  const later = isQuiet(state, news, now) ? nothingNew(state) : laterStages(state, news, now);
  const rolledUp = rollUp(state.rollUp, observations, now);
  recallUsual(state, seen.inputs, now);
  const learned = learn(state.baselines, observations, now);
  state.restMs = earliest(found.wakeMs, later.wakeMs, rolledUp.wakeMs, learned.wakeMs);
  return {
    entries: later.entries,
    commands: later.commands,
    metrics: rolledUp.rows,
    baselines: learned.rows,
    sketches: learned.sketches,
  };
}

/** What the first two stages leave to the later ones. */
interface News extends Seen {
  readonly found: Analysis;
}

interface Later {
  readonly entries: readonly Entry[];
  readonly commands: readonly Command[];
  readonly wakeMs: number | undefined;
}

/** Plan, execute, verify: in most ticks a look was well, and none of them has anything to do. */
function laterStages(state: LoopState, news: News, now: Instant): Later {
  const { inputs, carry, fleet, observations, found } = news;
  const past = inputs.find((input) => input.kind === "past")?.memory;
  const planned = plan(
    state.plan,
    {
      ...(fleet ? { fleet } : {}),
      ...(past ? { past } : {}),
      processes: observations.filter(isAboutProcess),
      raised: found.raised,
      incidents: found.incidents,
      actions: carry.actions,
      verdicts: carry.verdicts,
      requests: requestsIn(inputs),
      world: worldOf(state),
    },
    now,
  );
  const done = execute(state.execute, executeInputs(inputs, planned, carry), now);
  const isRunning = (resource: ResourceId): boolean =>
    state.plan.slots.get(resource)?.run !== undefined;
  const judged = verify(state.verify, verifyInputs({ found, planned, done, isRunning }), now);
  state.carry = carryOver(planned, done, judged.verdicts);
  state.laterMs = earliest(planned.wakeMs, done.wakeMs, judged.wakeMs);
  return {
    entries: entriesOf({ found, planned, done, verdicts: judged.verdicts }),
    commands: done.commands,
    wakeMs: state.laterMs,
  };
}

function nothingNew(state: LoopState): Later {
  return { entries: [], commands: [], wakeMs: state.laterMs };
}

const forLaterStages: ReadonlySet<LoopInput["kind"]> = new Set(["result", "request", "past"]);

/** True when the later stages would neither take anything in nor have anything due. */
function isQuiet(state: LoopState, news: News, now: Instant): boolean {
  const { inputs, carry, fleet, observations, found } = news;
  if (fleet !== undefined || isNew(carry)) return false;
  if (found.raised.length + found.evidence.length + found.incidents.length > 0) return false;
  if (now.monotonicMs >= (state.laterMs ?? Number.POSITIVE_INFINITY)) return false;
  for (const { kind } of inputs) if (forLaterStages.has(kind)) return false;
  for (const observation of observations) if (isAboutProcess(observation)) return false;
  return true;
}

function takeCarry(state: LoopState): Carry {
  const { carry } = state;
  state.carry = emptyCarry();
  return carry;
}

function isEmpty(carry: Carry): boolean {
  return (
    carry.outcomes.length + carry.actions.length + carry.verdicts.length + carry.looks.length === 0
  );
}

function isNew(carry: Carry): boolean {
  return !isEmpty(carry) || carry.resumed.length > 0;
}

function adoptFleet(state: LoopState, inputs: readonly LoopInput[]) {
  const loaded = inputs.findLast((input) => input.kind === "fleet");
  if (loaded === undefined) return undefined;
  const topology = createTopology(loaded.fleet);
  forgetSeries(state, loaded.fleet);
  state.fleet = loaded.fleet;
  state.verify.fleet = loaded.fleet;
  adoptAnalysis(state.analyze, loaded.fleet, topology);
  return { fleet: loaded.fleet, topology };
}

/** Series of what is no longer in the fleet are given up. */
function forgetSeries(state: LoopState, next: Fleet): void {
  const gone: ResourceId[] = Object.keys(state.fleet.resources)
    .filter((id) => next.resources[id] === undefined)
    .map((id) => id as ResourceId);
  for (const slot of state.plan.slots.values()) {
    if (next.services[slot.service] === undefined) gone.push(slot.resource);
  }
  for (const resource of gone) {
    forgetRollUp(state.rollUp, resource);
    forgetBaselines(state.baselines, resource);
  }
}

function isForMonitor(input: LoopInput): input is Exclude<MonitorInput, { kind: "look" }> {
  return !forLaterStages.has(input.kind) && input.kind !== "usual";
}

function monitorInputs(inputs: readonly LoopInput[], carry: Carry): readonly MonitorInput[] {
  const own: MonitorInput[] = [];
  for (const input of inputs) {
    if (isForMonitor(input)) own.push(input);
  }
  for (const resource of carry.looks) own.push({ kind: "look", resource });
  return own;
}

function isAboutProcess({ reading, sensor }: MonitorOutput["observations"][number]): boolean {
  if (reading.kind === "started" || reading.kind === "exited") return true;
  if (reading.kind !== "check") return false;
  return reading.program !== undefined || (sensor === "startup" && reading.ok);
}

function requestsIn(inputs: readonly LoopInput[]): readonly PersonRequest[] {
  return inputs.flatMap((input) => (input.kind === "request" ? [input.request] : []));
}

function worldOf(state: LoopState) {
  const { judging } = state.analyze;
  return {
    healthOf: (resource: `${string}/${string}`) => healthOf(judging, resource),
    goodMs: (resource: `${string}/${string}`) => judging.cases.get(resource)?.goodMs ?? -1,
    badMs: (resource: `${string}/${string}`) => judging.cases.get(resource)?.badMs ?? -1,
  };
}

function earliest(...times: readonly (number | undefined)[]): number | undefined {
  let first: number | undefined;
  for (const time of times) {
    if (time !== undefined && (first === undefined || time < first)) first = time;
  }
  return first;
}

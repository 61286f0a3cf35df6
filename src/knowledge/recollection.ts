/**
 * What a new daemon must know of the life before it, folded from the journal: open failures, live
 * incidents, actions that are not over, what every instance should be, what has been learned, and
 * what was healed lately (`recall-healed.ts`).
 * Plain data, so that it can be saved as a checkpoint and the journal need not be read from its
 * beginning.
 */
import type { Mode } from "../kernel/index.ts";
import {
  type Action,
  type Entry,
  type Experience,
  type Failure,
  type Incident,
  isFinished,
  type Plan,
  type ProcessIdentity,
  type ProcessRun,
  type ResolvedLately,
  type ResourceId,
  recordVerdict,
  type Scaled,
  type SlotRecord,
  type Spent,
  signatureOf,
  type Tried,
  touchedBy,
} from "../model/index.ts";
import {
  forgetTried,
  noteFailed,
  noteHealed,
  noteIncident,
  notePlanned,
  noteProof,
  noteRelapse,
  noteWell,
} from "./recall-healed.ts";

export interface Recollection {
  readonly failures: Map<string, Failure>;
  readonly incidents: Map<string, Incident>;
  readonly actions: Map<string, Action>;
  readonly slots: Map<string, SlotRecord>;
  readonly book: Map<string, Experience>;
  readonly modes: Map<string, Mode>;
  /** Processes that run, or ran when the last entry was written. */
  readonly runs: Map<string, ProcessRun>;
  /** How often each instance was started, since nothing of the fleet ran. */
  readonly starts: Map<string, number>;
  /** What was tried about each resource, and has not been forgotten. */
  readonly tried: Map<string, Tried>;
  /** What may be a relapse: by signature, and the incidents that are over and may be reopened. */
  readonly resolved: Map<string, ResolvedLately>;
  readonly past: Map<string, Incident>;
  /** By service. */
  readonly scaled: Map<string, Scaled>;
  /** The last recovery actions, for windows of any length: budgets outlive a daemon. */
  spent: Spent[];
}

const spentMax = 1000;
const later: ReadonlySet<string> = new Set(["starts", "tried", "resolved", "past", "scaled"]);

export function createRecollection(): Recollection {
  return {
    failures: new Map(),
    incidents: new Map(),
    actions: new Map(),
    slots: new Map(),
    book: new Map(),
    modes: new Map(),
    runs: new Map(),
    starts: new Map(),
    tried: new Map(),
    resolved: new Map(),
    past: new Map(),
    scaled: new Map(),
    spent: [],
  };
}

/** `at` is when the entry was written, in wall milliseconds. */
export function recollect(memory: Recollection, entry: Entry, at: number): void {
  switch (entry.kind) {
    case "failure_raised":
      memory.failures.set(entry.failure.id, entry.failure);
      return;
    case "failure_resolved":
      noteResolved(memory, entry.failure, at);
      return;
    case "incident":
      noteIncident(memory, entry.incident);
      return;
    case "plan":
      notePlanned(memory, entry.plan);
      if (entry.plan.cause.kind === "failure" && entry.plan.byPolicy !== true)
        spend(memory, entry.plan, at);
      return;
    case "action":
      noteFailed(memory, entry.action);
      noteAction(memory, entry.action);
      return;
    case "verdict":
      noteVerdict(memory, entry);
      return;
    case "relapse":
      noteRelapse(memory, entry.relapse, at);
      return;
    case "daemon_stopped":
      if (memory.runs.size === 0) beginAnew(memory);
      return;
    case "process_started":
      noteStart(memory, entry);
      return;
    case "process_exited":
      memory.runs.delete(runKey(entry.exit.process));
      return;
    case "supervision":
      memory.slots.set(entry.slot.resource, entry.slot);
      if (entry.anew) forgetTried(memory, entry.slot.resource);
      return;
    case "scaled":
      memory.scaled.set(entry.scaled.service, entry.scaled);
      return;
    case "mode_changed":
      memory.modes.set(entry.scope, entry.mode);
      for (const resource of memory.tried.keys()) forgetTried(memory, resource);
      return;
    default:
      return;
  }
}

/** All is down: what comes up then is no restart, and what had done its work does it again. */
function beginAnew(memory: Recollection): void {
  memory.starts.clear();
  for (const [resource, { ended: _, end: __, ...slot }] of memory.slots) {
    memory.slots.set(resource, slot);
  }
}

/** The same process may be seen to start by one daemon and be adopted by the next ones. */
function noteStart(
  memory: Recollection,
  { run }: Extract<Entry, { kind: "process_started" }>,
): void {
  const key = runKey(run.process);
  if (!memory.runs.has(key)) {
    memory.starts.set(run.resource, (memory.starts.get(run.resource) ?? 0) + 1);
  }
  memory.runs.set(key, run);
}

function runKey({ pid, startTicks }: ProcessIdentity): string {
  return `${pid}.${startTicks}`;
}

function spend(memory: Recollection, plan: Plan, at: number): void {
  const { resource } = plan;
  const others = [...touchedBy(plan)].filter((each) => each !== resource);
  const spending = others.length > 0 ? { resource, others, at } : { resource, at };
  memory.spent = [...memory.spent.slice(1 - spentMax), spending];
}

function noteAction(memory: Recollection, action: Action): void {
  const awaitsVerdict = action.status.kind === "succeeded" && action.plan.watch !== undefined;
  if (isFinished(action) && !awaitsVerdict) memory.actions.delete(action.id);
  else memory.actions.set(action.id, action);
}

function noteVerdict(memory: Recollection, entry: Extract<Entry, { kind: "verdict" }>): void {
  const { verdict } = entry;
  const failure = memory.failures.get(verdict.failure);
  const action = verdict.action === undefined ? undefined : memory.actions.get(verdict.action);
  if (failure && action) {
    const key = { signature: signatureOf(failure), strategy: action.plan.strategy };
    recordVerdict(memory.book, key, verdict);
  }
  noteProof(memory, verdict);
  if (verdict.healed && action && !hasOther(memory, action.plan.resource, verdict.failure)) {
    memory.actions.delete(action.id);
  }
}

/** An action is judged by all that was open then: only the last of it settles what was done. */
function noteResolved(memory: Recollection, id: string, at: number): void {
  const failure = memory.failures.get(id);
  if (failure) noteHealed(memory, failure, at);
  memory.failures.delete(id);
  if (failure === undefined || hasOther(memory, failure.resource, id)) return;
  noteWell(memory, failure, at);
  for (const { id: action, plan, status } of memory.actions.values()) {
    if (plan.resource === failure.resource && status.kind === "succeeded") {
      memory.actions.delete(action);
    }
  }
}

function hasOther(memory: Recollection, resource: ResourceId, id: string): boolean {
  for (const failure of memory.failures.values()) {
    if (failure.resource === resource && failure.id !== id) return true;
  }
  return false;
}

/** The form of a checkpoint; `version` rises when an older daemon could not read it. */
export function writeRecollection(memory: Recollection): string {
  const { spent, ...maps } = memory;
  const lists = Object.entries(maps).map(([name, map]) => [name, [...map.entries()]]);
  return JSON.stringify({ version: 1, spent, ...Object.fromEntries(lists) });
}

/** Undefined when the text is not a checkpoint that this version can read. */
export function readRecollection(text: string): Recollection | undefined {
  let parsed: Record<string, unknown> | null;
  try {
    parsed = JSON.parse(text) as Record<string, unknown> | null;
  } catch {
    // Torn: whoever opens it tells what is lost where the journal has no beginning any more.
    return undefined;
  }
  if (parsed?.["version"] !== 1) return undefined;
  const memory = createRecollection();
  const { spent, ...maps } = memory;
  if (Array.isArray(parsed["spent"])) spent.push(...(parsed["spent"] as typeof spent));
  for (const [name, map] of Object.entries(maps)) {
    // Earlier daemons have left checkpoints without what they did not know yet.
    const entries = parsed[name] ?? (later.has(name) ? [] : undefined);
    if (!Array.isArray(entries)) return undefined;
    for (const [key, value] of entries as [string, never][]) map.set(key, value);
  }
  return memory;
}

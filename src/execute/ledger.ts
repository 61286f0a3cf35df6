/**
 * The book of one tick: which actions changed, and what is to be commanded. Whatever moves an
 * action writes it here, so that state, journal and commands never tell different stories.
 */
import { assert, type Instant } from "../kernel/index.ts";
import {
  type Action,
  type ActionStatus,
  type Command,
  interrupted,
  type Plan,
  type Step,
} from "../model/index.ts";
import type { ExecuteState } from "./execute-state.ts";

/** Effectors end by themselves at the deadline of their step; this much later they are given up. */
const deadlineGraceMs = 2000;

export class Ledger {
  readonly commands: Command[] = [];
  readonly state: ExecuteState;
  readonly now: Instant;
  readonly #changed = new Set<string>();
  readonly #gone: Action[] = [];

  constructor(state: ExecuteState, now: Instant) {
    this.state = state;
    this.now = now;
  }

  changed(): readonly Action[] {
    const kept = [...this.#changed].flatMap((id) => this.state.actions.get(id) ?? []);
    return [...this.#gone, ...kept];
  }

  /** A new action over `plan`; it is in the book when it is put or dropped. */
  open(plan: Plan, status: ActionStatus): Action {
    const { wallMs, monotonicMs } = this.now;
    const id = this.state.ids.next("act");
    return { id, plan, at: wallMs, status, done: [], begunMs: monotonicMs };
  }

  /** Told, and not remembered: it never began. */
  drop(action: Action): void {
    this.#gone.push(action);
  }

  put(action: Action, status: ActionStatus): Action {
    const next: Action = { ...action, status };
    this.state.actions.set(next.id, next);
    this.#changed.add(next.id);
    return next;
  }

  fail(action: Action, reason: string): void {
    const took = reason === interrupted ? {} : { elapsedMs: this.elapsedMs(action) };
    this.finish(action, { kind: "failed", ...took, reason });
  }

  finish(action: Action, status: ActionStatus): void {
    const over = this.put(action, status);
    if (this.state.busy.get(over.plan.resource) === over.id) {
      this.state.busy.delete(over.plan.resource);
    }
    this.state.waiting.delete(over.id);
    this.state.due.delete(over.id);
    if (status.kind === "succeeded" && over.plan.watch !== undefined) return;
    this.state.actions.delete(over.id);
    this.#changed.delete(over.id);
    this.#gone.push(over);
  }

  command(action: Action, told: Pick<Command, "phase" | "step" | "undo">): void {
    const { phase, step } = told;
    const number = numberOf(action, phase);
    const id = `${action.id}:${number}:${Math.round(this.now.monotonicMs)}`;
    this.commands.push({
      ...told,
      id,
      action: action.id,
      announced: phase === "precheck" || (phase === "act" && isAnnounced(action)),
      afterSync: action.plan.irreversible,
    });
    this.state.waiting.set(action.id, { kind: "answer", command: id, phase });
    this.state.due.set(action.id, this.now.monotonicMs + step.deadlineMs + deadlineGraceMs);
  }

  elapsedMs(action: Action): number {
    return Math.max(0, this.now.monotonicMs - action.begunMs);
  }
}

export function stepOf(action: Action, index: number): Step {
  const step = action.plan.steps[index];
  assert(step !== undefined, "a step that is commanded exists");
  return step;
}

/** Of the first step, the plan and the begin of the action are written before its precheck ends. */
export function isAnnounced({ done, plan }: Action): boolean {
  return done.length === 0 && !plan.irreversible;
}

/** Tells the commands of one action apart that are given in the same millisecond. */
function numberOf({ status, done, preview = [] }: Action, phase: Command["phase"]): string {
  if (status.kind === "rolling_back") return `u${status.step}`;
  if (status.kind === "waiting_for_approval") return `preview${preview.length}`;
  return `${phase}${done.length}`;
}

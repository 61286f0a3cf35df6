/**
 * The fourth stage: carries plans out, step by step, as a state machine. It emits commands; the
 * conductor runs the effectors and hands their results back as inputs of a later tick.
 *
 * X1. At most one action is under way on a resource; a plan for a busy resource is dropped with
 *     a reason (the planner asks again when it is free), and taking back waits until it is free.
 * X2. `act` is commanded only after `precheck` said yes, and each is commanded at most once.
 *     The first step is announced by the begin of its action, later ones by their own entry.
 * X3. Every command ends: with its result, or at its deadline as a failure.
 * X4. When a step fails, the steps done before it are undone in reverse, and it itself first if it
 *     declares an undo and may be half done (it failed, never answered, or the daemon died in it).
 *     What only had its predecessor left to end when the daemon died has succeeded.
 *     When a verdict says "not healed", the same is done for a whole action whose plan reverts.
 * X5. An irreversible plan waits for approval, and its commands for the journal on the disk. While
 *     it waits, a person is shown what its steps would do; what they refuse nobody is asked for.
 */
import type { Instant } from "../kernel/index.ts";
import {
  type Action,
  type Command,
  interrupted,
  type Plan,
  type Step,
  type StepResult,
} from "../model/index.ts";
import type { ExecuteState } from "./execute-state.ts";
import { isAnnounced, Ledger } from "./ledger.ts";
import { preview, previewed } from "./preview.ts";
import { conclude, precheck, stepForward } from "./step-forward.ts";
import { breakOff, giveUp, goOnBack, rollBack, undone } from "./take-back.ts";

export type ExecuteInput =
  | { readonly kind: "plan"; readonly plan: Plan; readonly needsApproval: boolean }
  | { readonly kind: "result"; readonly command: string; readonly result: StepResult }
  | { readonly kind: "approve" | "dismiss"; readonly action: string; readonly by: string }
  /** It was under way when the daemon before this one ended. */
  | { readonly kind: "resume"; readonly action: Action }
  /** The verdict is "not healed". */
  | { readonly kind: "roll_back"; readonly action: string; readonly reason: string }
  /** What it was for is over, something worse has come, or a person or the fleet wants another. */
  | { readonly kind: "withdraw"; readonly action: string; readonly reason: string }
  /** The verdict is in and nothing will be undone any more. */
  | { readonly kind: "forget"; readonly action: string };

export interface Execution {
  readonly state: ExecuteState;
  /** Actions that changed, in their new form; each is journalled before the commands run. */
  readonly actions: readonly Action[];
  readonly commands: readonly Command[];
  readonly wakeMs: number | undefined;
}

export function execute(
  state: ExecuteState,
  inputs: readonly ExecuteInput[],
  now: Instant,
): Execution {
  const ledger = new Ledger(state, now);
  for (const input of inputs) take(ledger, input);
  for (let id = state.due.takeDue(now.monotonicMs); id !== undefined; ) {
    wake(ledger, id);
    id = state.due.takeDue(now.monotonicMs);
  }
  const { commands } = ledger;
  return { state, actions: ledger.changed(), commands, wakeMs: state.due.nextDueMs() };
}

function take(ledger: Ledger, input: ExecuteInput): void {
  switch (input.kind) {
    case "plan":
      begin(ledger, input.plan, input.needsApproval);
      return;
    case "result":
      answer(ledger, input.command, input.result);
      return;
    case "approve":
      approve(ledger, input.action, input.by);
      return;
    case "dismiss":
      dismiss(ledger, input.action, input.by);
      return;
    case "withdraw":
      withdraw(ledger, input.action, `withdrawn: ${input.reason}`);
      return;
    case "resume":
      resume(ledger, input.action);
      return;
    case "roll_back": {
      const action = ledger.state.actions.get(input.action);
      if (action?.status.kind === "succeeded") rollBack(ledger, action, input.reason);
      return;
    }
    case "forget":
      ledger.state.actions.delete(input.action);
      return;
  }
}

/** It is time to ask again, or to stop waiting for an answer (X3). */
function wake(ledger: Ledger, id: string): void {
  const action = ledger.state.actions.get(id);
  const pending = ledger.state.waiting.get(id);
  if (action === undefined || pending === undefined) return;
  ledger.state.waiting.delete(id);
  if (pending.kind === "retry") {
    precheck(ledger, action);
    return;
  }
  if (pending.kind === "roll_back") {
    rollBack(ledger, action, pending.reason);
    return;
  }
  const reason = "no answer before the deadline";
  hear(ledger, action, { phase: pending.phase, result: { kind: "failed", reason } });
}

function begin(ledger: Ledger, plan: Plan, needsApproval: boolean): void {
  const busy = ledger.state.busy.get(plan.resource);
  if (busy !== undefined) {
    // Keeps X1, and lets the planner know, so that it asks again when the resource is free.
    const reason = `${plan.resource} is busy with ${busy}`;
    ledger.drop(ledger.open(plan, { kind: "failed", elapsedMs: 0, reason }));
    return;
  }
  const action = ledger.open(plan, { kind: needsApproval ? "waiting_for_approval" : "initiated" });
  ledger.state.busy.set(plan.resource, action.id);
  ledger.put(action, action.status);
  if (needsApproval) preview(ledger, action);
  else stepForward(ledger, action);
}

/**
 * Whether the step that was under way has happened is unknown: what is known is taken back. When it
 * began is known by the wall clock alone.
 */
function resume(ledger: Ledger, before: Action): void {
  const { wallMs, monotonicMs } = ledger.now;
  const begunMs = monotonicMs - Math.max(0, wallMs - begunAt(before));
  const action = { ...before, begunMs };
  ledger.state.actions.set(action.id, action);
  const { kind } = action.status;
  if (kind === "succeeded") return;
  ledger.state.busy.set(action.plan.resource, action.id);
  if (kind === "waiting_for_approval") {
    preview(ledger, { ...action, preview: [] });
    return;
  }
  if (kind === "rolling_back") {
    goOnBack(ledger, action);
    return;
  }
  // What was still to come is no part of the deed: that is done, and fresh looks will judge it.
  if (action.done.length > 0 && isAllCare(action.plan.steps.slice(action.done.length))) {
    ledger.finish(action, { kind: "succeeded", elapsedMs: 0 });
  } else if (mayHaveBegun(action)) breakOff(ledger, action, interrupted);
  else giveUp(ledger, action, interrupted);
}

/** Wall milliseconds; it waited for a person before that. */
function begunAt({ at, answer }: Action): number {
  return answer?.kind === "approved" ? (answer.at ?? at) : at;
}

/** Was the step after those that are done commanded to act? */
function mayHaveBegun(action: Action): boolean {
  const { status, done } = action;
  if (status.kind === "in_progress" && status.step === done.length) return true;
  return status.kind === "initiated" && isAnnounced(action);
}

function approve(ledger: Ledger, id: string, by: string): void {
  const action = ledger.state.actions.get(id);
  if (action?.status.kind !== "waiting_for_approval") return;
  const { monotonicMs: begunMs, wallMs: at } = ledger.now;
  const approved: Action = { ...action, begunMs, answer: { kind: "approved", by, at } };
  stepForward(ledger, ledger.put(approved, { kind: "initiated" }));
}

function dismiss(ledger: Ledger, id: string, by: string): void {
  const action = ledger.state.actions.get(id);
  if (action?.status.kind !== "waiting_for_approval") return;
  const { wallMs: at } = ledger.now;
  ledger.fail({ ...action, answer: { kind: "dismissed", by, at } }, `dismissed by ${by}`);
}

/** Also what still waits to be begun: what has begun goes its way. */
function withdraw(ledger: Ledger, id: string, reason: string): void {
  const action = ledger.state.actions.get(id);
  if (action?.status.kind === "waiting_for_approval" || action?.status.kind === "initiated") {
    ledger.fail({ ...action, answer: { kind: "withdrawn" } }, reason);
  }
}

function answer(ledger: Ledger, command: string, result: StepResult): void {
  const id = command.slice(0, command.indexOf(":"));
  const pending = ledger.state.waiting.get(id);
  const action = ledger.state.actions.get(id);
  if (action === undefined || pending?.kind !== "answer" || pending.command !== command) return;
  ledger.state.waiting.delete(id);
  ledger.state.due.delete(id);
  hear(ledger, action, { phase: pending.phase, result });
}

function hear(
  ledger: Ledger,
  action: Action,
  { phase, result }: { phase: Command["phase"]; result: StepResult },
): void {
  if (phase === "undo") undone(ledger, action, result);
  else if (action.status.kind === "waiting_for_approval") previewed(ledger, action, result);
  else conclude(ledger, action, { phase, result });
}

/**
 * A courtesy, or the end of a predecessor whose successor serves: nobody may be left without both,
 * and supervision ends it if it lives.
 */
function isAllCare(steps: readonly Step[]): boolean {
  return steps.every((step) => step.optional || step.parameters["which"] === "previous");
}

/** The way forward: one step after the other, precheck before act, until none is left. */
import type { Action, Command, StepDone, StepResult } from "../model/index.ts";
import { type Ledger, stepOf } from "./ledger.ts";
import { breakOff, giveUp, halfDone } from "./take-back.ts";

/** The step after those that are done; none left means success. */
export function stepForward(ledger: Ledger, action: Action): void {
  if (action.plan.steps[action.done.length] !== undefined) precheck(ledger, action);
  else ledger.finish(action, { kind: "succeeded", elapsedMs: ledger.elapsedMs(action) });
}

export function precheck(ledger: Ledger, action: Action): void {
  ledger.command(action, { phase: "precheck", step: stepOf(action, action.done.length) });
}

/** What an effector answered, or that it did not. */
export function conclude(
  ledger: Ledger,
  action: Action,
  { phase, result }: { phase: Exclude<Command["phase"], "undo">; result: StepResult },
): void {
  if (result.kind === "later") {
    postpone(ledger, action, result);
  } else if (result.kind !== "done") {
    // A refusal says that nothing was done; whatever else went wrong may have come half way.
    const hasBegun = phase === "act" && result.kind === "failed";
    fallShort(ledger, action, { reason: result.reason, hasBegun });
  } else if (phase === "precheck") {
    const step = action.done.length;
    const running = ledger.put(action, { kind: "in_progress", step });
    ledger.command(running, { phase: "act", step: stepOf(action, step) });
  } else {
    const done: StepDone = {
      step: action.done.length,
      detail: result.detail,
      ...(result.undo === undefined ? {} : { undo: result.undo }),
    };
    goOn(ledger, action, done);
  }
}

function fallShort(
  ledger: Ledger,
  action: Action,
  { reason, hasBegun }: { reason: string; hasBegun: boolean },
): void {
  if (stepOf(action, action.done.length).optional) {
    const half = hasBegun ? halfDone(action, reason) : undefined;
    goOn(ledger, action, half ?? { step: action.done.length, detail: `not done: ${reason}` });
  } else if (hasBegun) breakOff(ledger, action, reason);
  else giveUp(ledger, action, reason);
}

function goOn(ledger: Ledger, action: Action, done: StepDone): void {
  stepForward(ledger, ledger.put({ ...action, done: [...action.done, done] }, action.status));
}

function postpone(
  ledger: Ledger,
  action: Action,
  { reason, retryAfterMs }: Extract<StepResult, { kind: "later" }>,
): void {
  const { patienceMs = -1 } = stepOf(action, action.done.length);
  if (ledger.elapsedMs(action) > patienceMs) {
    giveUp(ledger, action, reason);
    return;
  }
  ledger.state.waiting.set(action.id, { kind: "retry" });
  ledger.state.due.set(action.id, ledger.now.monotonicMs + retryAfterMs);
}

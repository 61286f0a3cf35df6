/**
 * The way back: steps are undone in reverse, one command at a time, by the record that each left.
 *
 * B1. A step that may have done half of its work counts as one that was done, if it declared what
 *     takes it back: nobody knows how far it came, and a declared undo bears that.
 * B2. An undo that fails ends the action as failed, and says which step is left as it is.
 */
import { assert } from "../kernel/index.ts";
import type { Action, StepDone, StepResult } from "../model/index.ts";
import { type Ledger, stepOf } from "./ledger.ts";

const againMs = 100;

/** The step after those that are done was begun and did not end well. Keeps B1. */
export function breakOff(ledger: Ledger, action: Action, reason: string): void {
  const half = halfDone(action, reason);
  giveUp(ledger, half === undefined ? action : { ...action, done: [...action.done, half] }, reason);
}

/** Nothing of the step after those that are done has happened. */
export function giveUp(ledger: Ledger, action: Action, reason: string): void {
  if (nextUndo(action, action.done.length) === undefined) ledger.fail(action, reason);
  else undoNext(ledger, action, { before: action.done.length, reason });
}

/** The verdict on all of it is "not healed". Waits while another action is on the resource. */
export function rollBack(ledger: Ledger, action: Action, reason: string): void {
  if (!action.plan.reverts) {
    ledger.fail(action, reason);
    return;
  }
  const { busy, waiting, due } = ledger.state;
  if (busy.has(action.plan.resource)) {
    waiting.set(action.id, { kind: "roll_back", reason });
    due.set(action.id, ledger.now.monotonicMs + againMs);
    return;
  }
  busy.set(action.plan.resource, action.id);
  giveUp(ledger, action, reason);
}

/** The daemon before this one was on its way back: it may be going on with the same step. */
export function goOnBack(ledger: Ledger, action: Action): void {
  assert(action.status.kind === "rolling_back", "only a rolling back action goes on back");
  const { step, reason } = action.status;
  undoNext(ledger, action, { before: step + 1, reason });
}

export function undone(ledger: Ledger, action: Action, result: StepResult): void {
  assert(action.status.kind === "rolling_back", "only a rolling back action undoes");
  const { step, reason } = action.status;
  if (result.kind === "done") undoNext(ledger, action, { before: step, reason });
  else ledger.fail(action, `${reason}; and undoing step ${step + 1} failed: ${result.reason}`);
}

/** What a step leaves that was begun and did not end; undefined when nothing takes it back. */
export function halfDone(action: Action, reason: string): StepDone | undefined {
  const step = action.done.length;
  const { undo } = stepOf(action, step);
  return undo === undefined ? undefined : { step, detail: `may be half done: ${reason}`, undo };
}

function undoNext(
  ledger: Ledger,
  action: Action,
  { before, reason }: { before: number; reason: string },
): void {
  const done = nextUndo(action, before);
  if (done === undefined) {
    ledger.finish(action, { kind: "rolled_back", elapsedMs: ledger.elapsedMs(action), reason });
    return;
  }
  const rolling = ledger.put(action, { kind: "rolling_back", step: done.step, reason });
  ledger.command(rolling, {
    phase: "undo",
    step: stepOf(action, done.step),
    ...(done.undo === undefined ? {} : { undo: done.undo }),
  });
}

/** The last undoable step that was done before step number `before`. */
function nextUndo(action: Action, before: number): StepDone | undefined {
  return action.done.findLast((done) => done.step < before && done.undo !== undefined);
}

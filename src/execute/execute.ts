/**
 * The fourth stage: carries plans out, step by step, as a state machine. It emits commands; the
 * conductor runs the effectors and hands their results back as inputs of a later tick.
 *
 * X1. At most one action is under way on a resource; a plan for a busy resource is dropped with
 *     a reason (the planner asks again when it is free).
 * X2. `act` is commanded only after `precheck` said yes, and each is commanded at most once.
 *     The first step is announced by the begin of its action, later ones by their own entry.
 * X3. Every command ends: with its result, or at its deadline as a failure.
 * X4. When a step fails, the steps done before it are undone in reverse. When a verdict says "not
 *     healed", the same is done for the whole action if its plan says that it reverts.
 * X5. An irreversible plan waits for approval, and its commands for the journal on the disk.
 */
import { assert, DueHeap, type Ids, type Instant } from "../kernel/index.ts";
import {
  type Action,
  type ActionStatus,
  type Command,
  interrupted,
  type Plan,
  type ResourceId,
  type Step,
  type StepDone,
  type StepResult,
} from "../model/index.ts";

export interface ExecuteState {
  readonly ids: Ids;
  /** Actions that are not over, and those that may still be rolled back: no verdict yet. */
  readonly actions: Map<string, Action>;
  /** Resource to action. */
  readonly busy: Map<ResourceId, string>;
  readonly waiting: Map<string, Pending>;
  readonly due: DueHeap;
}

/** What an action waits for: an answer, or the time to ask again. */
type Pending =
  | { readonly kind: "answer"; readonly command: string; readonly phase: Command["phase"] }
  | { readonly kind: "retry" };

export type ExecuteInput =
  | { readonly kind: "plan"; readonly plan: Plan; readonly needsApproval: boolean }
  | { readonly kind: "result"; readonly command: string; readonly result: StepResult }
  | { readonly kind: "approve" | "dismiss"; readonly action: string; readonly by: string }
  /** It was under way when the daemon before this one ended. */
  | { readonly kind: "resume"; readonly action: Action }
  /** The verdict is "not healed". */
  | { readonly kind: "roll_back"; readonly action: string; readonly reason: string }
  /** The verdict is in and nothing will be undone any more. */
  | { readonly kind: "forget"; readonly action: string };

export interface Execution {
  readonly state: ExecuteState;
  /** Actions that changed, in their new form; each is journalled before the commands run. */
  readonly actions: readonly Action[];
  readonly commands: readonly Command[];
  readonly wakeMs: number | undefined;
}

/** Effectors end by themselves at the deadline of their step; this much later they are given up. */
const deadlineGraceMs = 2000;

export function createExecuteState(ids: Ids): ExecuteState {
  return { ids, actions: new Map(), busy: new Map(), waiting: new Map(), due: new DueHeap() };
}

export function execute(
  state: ExecuteState,
  inputs: readonly ExecuteInput[],
  now: Instant,
): Execution {
  const run = new Run(state, now);
  for (const input of inputs) run.take(input);
  for (let id = state.due.takeDue(now.monotonicMs); id !== undefined; ) {
    run.wake(id);
    id = state.due.takeDue(now.monotonicMs);
  }
  return { state, actions: run.changed(), commands: run.commands, wakeMs: state.due.nextDueMs() };
}

/** One tick of the machine: gathers what changed and what is to be commanded. */
class Run {
  readonly commands: Command[] = [];
  readonly #state: ExecuteState;
  readonly #now: Instant;
  readonly #changed = new Set<string>();
  readonly #gone: Action[] = [];

  constructor(state: ExecuteState, now: Instant) {
    this.#state = state;
    this.#now = now;
  }

  changed(): readonly Action[] {
    const kept = [...this.#changed].flatMap((id) => this.#state.actions.get(id) ?? []);
    return [...this.#gone, ...kept];
  }

  take(input: ExecuteInput): void {
    switch (input.kind) {
      case "plan":
        this.#begin(input.plan, input.needsApproval);
        return;
      case "result":
        this.#answer(input.command, input.result);
        return;
      case "approve":
        this.#approve(input.action);
        return;
      case "dismiss":
        this.#dismiss(input.action, input.by);
        return;
      case "resume":
        this.#resume(input.action);
        return;
      case "roll_back":
        this.#rollBack(input.action, input.reason);
        return;
      case "forget":
        this.#state.actions.delete(input.action);
        return;
    }
  }

  wake(id: string): void {
    const action = this.#state.actions.get(id);
    const pending = this.#state.waiting.get(id);
    if (action === undefined || pending === undefined) return;
    this.#state.waiting.delete(id);
    if (pending.kind === "retry") {
      this.#precheck(action);
      return;
    }
    const result: StepResult = { kind: "failed", reason: "no answer before the deadline" };
    this.#conclude(action, pending.phase, result);
  }

  #begin(plan: Plan, needsApproval: boolean): void {
    if (this.#state.busy.has(plan.resource)) {
      this.#drop(plan);
      return;
    }
    const kind = needsApproval ? "waiting_for_approval" : "initiated";
    const action: Action = {
      id: this.#state.ids.next("act"),
      plan,
      at: this.#now.wallMs,
      status: { kind },
      done: [],
      begunMs: this.#now.monotonicMs,
    };
    this.#state.busy.set(plan.resource, action.id);
    this.#put(action, action.status);
    if (!needsApproval) this.#next(action);
  }

  /** Keeps X1, and lets the planner know, so that it asks again when the resource is free. */
  #drop(plan: Plan): void {
    const reason = `${plan.resource} is busy with ${this.#state.busy.get(plan.resource) ?? ""}`;
    this.#gone.push({
      id: this.#state.ids.next("act"),
      plan,
      at: this.#now.wallMs,
      status: { kind: "failed", elapsedMs: 0, reason },
      done: [],
      begunMs: this.#now.monotonicMs,
    });
  }

  /** Whether the step that was under way has happened is unknown: what is known is taken back. */
  #resume(before: Action): void {
    const action = { ...before, begunMs: this.#now.monotonicMs };
    this.#state.actions.set(action.id, action);
    const { kind } = action.status;
    if (kind === "succeeded") return;
    this.#state.busy.set(action.plan.resource, action.id);
    if (kind === "waiting_for_approval") return;
    // What was still to come is a courtesy: the deed is done, and fresh looks will judge it.
    if (action.done.length > 0 && isAllOptional(action.plan.steps.slice(action.done.length))) {
      this.#finish(action, { kind: "succeeded", elapsedMs: 0 });
      return;
    }
    this.#stepFailed(action, interrupted);
  }

  #approve(id: string): void {
    const action = this.#state.actions.get(id);
    if (action?.status.kind !== "waiting_for_approval") return;
    this.#next(this.#put({ ...action, begunMs: this.#now.monotonicMs }, { kind: "initiated" }));
  }

  #dismiss(id: string, by: string): void {
    const action = this.#state.actions.get(id);
    if (action?.status.kind !== "waiting_for_approval") return;
    this.#fail(action, `dismissed by ${by}`);
  }

  /** The step after those that are done; none left means success. */
  #next(action: Action): void {
    const step = action.plan.steps[action.done.length];
    if (step === undefined) {
      this.#finish(action, { kind: "succeeded", elapsedMs: this.#elapsedMs(action) });
      return;
    }
    this.#precheck(action);
  }

  #precheck(action: Action): void {
    this.#command(action, { phase: "precheck", step: stepOf(action, action.done.length) });
  }

  #answer(command: string, result: StepResult): void {
    const id = actionOfCommand(command);
    const pending = this.#state.waiting.get(id);
    const action = this.#state.actions.get(id);
    if (action === undefined || pending?.kind !== "answer" || pending.command !== command) return;
    this.#state.waiting.delete(id);
    this.#state.due.delete(id);
    this.#conclude(action, pending.phase, result);
  }

  #conclude(action: Action, phase: Command["phase"], result: StepResult): void {
    if (phase === "undo") {
      this.#undone(action, result);
    } else if (result.kind === "later") {
      this.#postpone(action, result);
    } else if (result.kind !== "done") {
      if (stepOf(action, action.done.length).optional) this.#pass(action, result.reason);
      else this.#stepFailed(action, result.reason);
    } else if (phase === "precheck") {
      const step = action.done.length;
      const running = this.#put(action, { kind: "in_progress", step });
      this.#command(running, { phase: "act", step: stepOf(action, step) });
    } else {
      const done: StepDone = {
        step: action.done.length,
        detail: result.detail,
        ...(result.undo === undefined ? {} : { undo: result.undo }),
      };
      this.#next(this.#put({ ...action, done: [...action.done, done] }, action.status));
    }
  }

  #pass(action: Action, reason: string): void {
    const skipped: StepDone = { step: action.done.length, detail: `not done: ${reason}` };
    this.#next(this.#put({ ...action, done: [...action.done, skipped] }, action.status));
  }

  #postpone(action: Action, result: Extract<StepResult, { kind: "later" }>): void {
    if (this.#overdue(action)) {
      this.#stepFailed(action, result.reason);
      return;
    }
    const untilMs = this.#now.monotonicMs + result.retryAfterMs;
    this.#state.waiting.set(action.id, { kind: "retry" });
    this.#state.due.set(action.id, untilMs);
  }

  #overdue(action: Action): boolean {
    const step = action.plan.steps[action.done.length];
    return this.#elapsedMs(action) > (step?.patienceMs ?? -1);
  }

  #stepFailed(action: Action, reason: string): void {
    if (nextUndo(action, action.done.length) === undefined) this.#fail(action, reason);
    else this.#undoNext(action, action.done.length, reason);
  }

  #rollBack(id: string, reason: string): void {
    const action = this.#state.actions.get(id);
    if (action?.status.kind !== "succeeded") return;
    if (!action.plan.reverts || nextUndo(action, action.done.length) === undefined) {
      this.#fail(action, reason);
      return;
    }
    this.#state.busy.set(action.plan.resource, id);
    this.#undoNext(action, action.done.length, reason);
  }

  #undoNext(action: Action, before: number, reason: string): void {
    const done = nextUndo(action, before);
    if (done === undefined) {
      this.#finish(action, { kind: "rolled_back", elapsedMs: this.#elapsedMs(action), reason });
      return;
    }
    const rolling = this.#put(action, { kind: "rolling_back", step: done.step, reason });
    this.#command(rolling, {
      phase: "undo",
      step: stepOf(action, done.step),
      ...(done.undo === undefined ? {} : { undo: done.undo }),
    });
  }

  #undone(action: Action, result: StepResult): void {
    assert(action.status.kind === "rolling_back", "only a rolling back action undoes");
    const { step, reason } = action.status;
    if (result.kind === "done") {
      this.#undoNext(action, step, reason);
      return;
    }
    this.#fail(action, `${reason}; and undoing step ${step + 1} failed: ${result.reason}`);
  }

  #fail(action: Action, reason: string): void {
    this.#finish(action, { kind: "failed", elapsedMs: this.#elapsedMs(action), reason });
  }

  #finish(action: Action, status: ActionStatus): void {
    const over = this.#put(action, status);
    if (this.#state.busy.get(over.plan.resource) === over.id) {
      this.#state.busy.delete(over.plan.resource);
    }
    this.#state.waiting.delete(over.id);
    this.#state.due.delete(over.id);
    if (status.kind === "succeeded" && over.plan.watch !== undefined) return;
    this.#state.actions.delete(over.id);
    this.#changed.delete(over.id);
    this.#gone.push(over);
  }

  #put(action: Action, status: ActionStatus): Action {
    const next: Action = { ...action, status };
    this.#state.actions.set(next.id, next);
    this.#changed.add(next.id);
    return next;
  }

  #command(action: Action, told: Pick<Command, "phase" | "step" | "undo">): void {
    const { phase, step } = told;
    const number = phase === "undo" ? `u${stepNumber(action)}` : `${phase}${action.done.length}`;
    const id = `${action.id}:${number}:${Math.round(this.#now.monotonicMs)}`;
    this.commands.push({
      ...told,
      id,
      action: action.id,
      announced: phase === "precheck" || (phase === "act" && isAnnounced(action)),
      afterSync: action.plan.irreversible,
    });
    this.#state.waiting.set(action.id, { kind: "answer", command: id, phase });
    this.#state.due.set(action.id, this.#now.monotonicMs + step.deadlineMs + deadlineGraceMs);
  }

  #elapsedMs(action: Action): number {
    return Math.max(0, this.#now.monotonicMs - action.begunMs);
  }
}

function stepOf(action: Action, index: number): Step {
  const step = action.plan.steps[index];
  assert(step !== undefined, "a step that is commanded exists");
  return step;
}

/** Of the first step, the plan and the begin of the action are written before its precheck ends. */
function isAnnounced({ done, plan }: Action): boolean {
  return done.length === 0 && !plan.irreversible;
}

function isAllOptional(steps: readonly Step[]): boolean {
  return steps.every((step) => step.optional);
}

function stepNumber(action: Action): number {
  return action.status.kind === "rolling_back" ? action.status.step : action.done.length;
}

/** The last undoable step that was done before step number `before`. */
function nextUndo(action: Action, before: number): StepDone | undefined {
  return action.done.findLast((done) => done.step < before && done.undo !== undefined);
}

function actionOfCommand(command: string): string {
  return command.slice(0, command.indexOf(":"));
}

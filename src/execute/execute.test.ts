import { describe, expect, it } from "vitest";
import { createIds, createRandom } from "../kernel/index.ts";
import {
  type Action,
  type Command,
  interrupted,
  type Plan,
  type Step,
  type StepResult,
} from "../model/index.ts";
import { type ExecuteInput, execute } from "./execute.ts";
import { createExecuteState } from "./execute-state.ts";

const step = (kind: string, more: Partial<Step> = {}): Step => ({
  kind,
  resource: "instance/a.1",
  parameters: {},
  deadlineMs: 1000,
  ...more,
});

function planOf(steps: readonly Step[], more: Partial<Plan> = {}): Plan {
  return {
    id: `plan-${steps.map(({ kind }) => kind).join()}`,
    strategy: "s",
    resource: "instance/a.1",
    cause: { kind: "failure", incident: "i", failure: "f" },
    reason: "r",
    steps,
    irreversible: false,
    reverts: true,
    watch: { windowMs: 1, goodMin: 1, deadlineMs: 1 },
    ...more,
  };
}

/** A machine with a clock that the test moves. */
class Machine {
  nowMs = 0;
  readonly commands: Command[] = [];
  readonly statuses: string[] = [];
  last: Action | undefined;
  readonly #state = createExecuteState(
    createIds({ now: () => ({ wallMs: 0, monotonicMs: 0 }) }, createRandom(1)),
  );

  feed(...inputs: ExecuteInput[]): void {
    const done = execute(this.#state, inputs, { wallMs: this.nowMs, monotonicMs: this.nowMs });
    this.commands.push(...done.commands);
    for (const action of done.actions) {
      this.last = action;
      this.statuses.push(action.status.kind);
    }
  }

  begin(plan: Plan, needsApproval = false): void {
    this.feed({ kind: "plan", plan, needsApproval });
  }

  answer(result: StepResult = { kind: "done", detail: "", undo: { token: 1 } }): void {
    const command = this.commands.at(-1)?.id ?? "";
    this.feed({ kind: "result", command, result });
  }

  get told(): string[] {
    return this.commands.map(({ phase, step: { kind } }) => `${phase} ${kind}`);
  }
}

describe("execute", () => {
  it("prechecks, acts, and goes on to the next step (X2)", () => {
    const machine = new Machine();
    machine.begin(planOf([step("stop"), step("start")]));
    for (let count = 0; count < 4; count += 1) machine.answer();
    expect(machine.told).toEqual(["precheck stop", "act stop", "precheck start", "act start"]);
    expect(machine.last?.status.kind).toBe("succeeded");
    expect(machine.last?.done.map((done) => done.undo)).toEqual([{ token: 1 }, { token: 1 }]);
  });

  it("ignores an answer that comes twice or too late (X2, X3)", () => {
    const machine = new Machine();
    machine.begin(planOf([step("stop")]));
    machine.answer();
    const [precheck] = machine.commands;
    machine.feed({
      kind: "result",
      command: precheck?.id ?? "",
      result: { kind: "done", detail: "" },
    });
    expect(machine.told).toEqual(["precheck stop", "act stop"]);
    machine.nowMs = 60_000;
    machine.feed();
    expect(machine.last?.status).toMatchObject({
      kind: "failed",
      reason: "no answer before the deadline",
    });
    machine.answer();
    expect(machine.last?.status.kind).toBe("failed");
  });

  it("does one action on a resource at a time (X1)", () => {
    const machine = new Machine();
    machine.begin(planOf([step("stop")]));
    machine.begin(planOf([step("start")]));
    expect(machine.told).toEqual(["precheck stop"]);
  });

  it("undoes the steps before the one that failed, in reverse (X4)", () => {
    const machine = new Machine();
    machine.begin(planOf([step("a"), step("b"), step("c")]));
    for (let count = 0; count < 5; count += 1) machine.answer();
    machine.answer({ kind: "failed", reason: "broken" });
    expect(machine.told.at(-1)).toBe("undo b");
    expect(machine.commands.at(-1)?.undo).toEqual({ token: 1 });
    machine.answer();
    expect(machine.told.at(-1)).toBe("undo a");
    machine.answer();
    expect(machine.last?.status).toMatchObject({ kind: "rolled_back", reason: "broken" });
  });

  it("takes a whole action back when the verdict wants it, if its plan reverts (X4)", () => {
    for (const reverts of [true, false]) {
      const machine = new Machine();
      machine.begin(planOf([step("a")], { reverts }));
      machine.answer();
      machine.answer();
      const action = machine.last?.id ?? "";
      machine.feed({ kind: "roll_back", action, reason: "not healed" });
      if (reverts) machine.answer();
      expect(machine.last?.status.kind).toBe(reverts ? "rolled_back" : "failed");
    }
  });

  it("says so when an undo fails", () => {
    const machine = new Machine();
    machine.begin(planOf([step("a")]));
    machine.answer();
    machine.answer();
    machine.feed({ kind: "roll_back", action: machine.last?.id ?? "", reason: "not healed" });
    machine.answer({ kind: "failed", reason: "cannot" });
    expect(machine.last?.status).toMatchObject({
      kind: "failed",
      reason: "not healed; and undoing step 1 failed: cannot",
    });
  });

  it("asks again after `later` only with patience", () => {
    const machine = new Machine();
    const later: StepResult = { kind: "later", reason: "held", retryAfterMs: 100 };
    machine.begin(planOf([step("start", { patienceMs: 250 })]));
    machine.answer(later);
    machine.nowMs = 100;
    machine.feed();
    machine.answer(later);
    machine.nowMs = 200;
    machine.feed();
    expect(machine.told).toEqual(["precheck start", "precheck start", "precheck start"]);
    machine.nowMs = 260;
    machine.answer(later);
    expect(machine.last?.status).toMatchObject({ kind: "failed", reason: "held" });
    const hasty = new Machine();
    hasty.begin(planOf([step("start")]));
    hasty.nowMs = 1;
    hasty.answer(later);
    expect(hasty.last?.status.kind).toBe("failed");
  });

  it("goes on when an optional step fails", () => {
    const machine = new Machine();
    machine.begin(planOf([step("diagnose", { optional: true }), step("stop")]));
    machine.answer({ kind: "refused", reason: "no /proc" });
    expect(machine.told.at(-1)).toBe("precheck stop");
    expect(machine.last?.done[0]?.detail).toBe("not done: no /proc");
  });

  it("waits for approval, and commands only after the journal is on the disk (X5)", () => {
    const machine = new Machine();
    machine.begin(planOf([step("clean")], { irreversible: true }), true);
    expect(machine.statuses).toEqual(["waiting_for_approval"]);
    expect(machine.told).toEqual(["precheck clean"]);
    machine.answer();
    expect(machine.told).toEqual(["precheck clean"]);
    machine.nowMs += 7000;
    const { nowMs: at } = machine;
    machine.feed({ kind: "approve", action: machine.last?.id ?? "", by: "ana" });
    expect(machine.commands.at(-1)).toMatchObject({ phase: "precheck", afterSync: true });
    expect(machine.last?.answer).toEqual({ kind: "approved", by: "ana", at });
    machine.answer();
    expect(machine.told.slice(1)).toEqual(["precheck clean", "act clean"]);
    const other = new Machine();
    other.begin(planOf([step("clean")], { irreversible: true }), true);
    other.feed({ kind: "dismiss", action: other.last?.id ?? "", by: "ana" });
    expect(other.last?.status).toMatchObject({ kind: "failed", reason: "dismissed by ana" });
    expect(other.last?.answer).toEqual({ kind: "dismissed", by: "ana", at: other.nowMs });
  });

  it("shows who is asked what each step would do, and asks for nothing that is refused (X5)", () => {
    const machine = new Machine();
    machine.begin(planOf([step("clean"), step("clean")], { irreversible: true }), true);
    machine.answer({ kind: "done", detail: "would remove 3 files" });
    machine.answer({ kind: "refused", reason: "nothing to clean" });
    expect(machine.told).toEqual(["precheck clean", "precheck clean"]);
    expect(machine.last).toMatchObject({
      status: { kind: "waiting_for_approval" },
      preview: ["would remove 3 files", "nothing to clean"],
    });
    const refused = new Machine();
    refused.begin(planOf([step("clean")], { irreversible: true }), true);
    refused.answer({ kind: "refused", reason: "nothing to clean" });
    expect(refused.last?.status).toMatchObject({ kind: "failed", reason: "nothing to clean" });
    const quick = new Machine();
    quick.begin(planOf([step("clean")], { irreversible: true }), true);
    const asked = quick.commands.at(-1)?.id ?? "";
    quick.feed({ kind: "approve", action: quick.last?.id ?? "", by: "ana" });
    quick.feed({ kind: "result", command: asked, result: { kind: "done", detail: "late" } });
    expect(quick.told).toEqual(["precheck clean", "precheck clean"]);
  });

  it("takes back what the daemon before this one had half done", () => {
    const before = new Machine();
    before.begin(planOf([step("a"), step("b")]));
    before.answer();
    before.answer();
    const action = before.last;
    const after = new Machine();
    if (action) after.feed({ kind: "resume", action });
    expect(after.told).toEqual(["undo a"]);
    after.answer();
    expect(after.last?.status.kind).toBe("rolled_back");
  });

  const halfway = [step("a"), step("b", { undo: { hook: "b" } }), step("c")];

  it("undoes the failed step first, if it declares how: it may be half done (X4)", () => {
    const machine = new Machine();
    machine.begin(planOf(halfway));
    for (let count = 0; count < 3; count += 1) machine.answer();
    machine.answer({ kind: "failed", reason: "exit code 1" });
    expect(machine.told.at(-1)).toBe("undo b");
    expect(machine.commands.at(-1)?.undo).toEqual({ hook: "b" });
    machine.answer();
    expect(machine.told.at(-1)).toBe("undo a");
    machine.answer();
    expect(machine.last?.status).toMatchObject({ kind: "rolled_back", reason: "exit code 1" });
    expect(machine.last?.done[1]).toEqual({
      step: 1,
      detail: "may be half done: exit code 1",
      undo: { hook: "b" },
    });
  });

  it("undoes a step that never answered, but none that was refused or not begun (X4)", () => {
    const silent = new Machine();
    silent.begin(planOf(halfway.slice(1)));
    silent.answer();
    silent.nowMs = 60_000;
    silent.feed();
    expect(silent.told).toEqual(["precheck b", "act b", "undo b"]);
    const refused = new Machine();
    refused.begin(planOf(halfway.slice(1)));
    refused.answer();
    refused.answer({ kind: "refused", reason: "there is no such program" });
    expect(refused.told).toEqual(["precheck b", "act b"]);
    const unasked = new Machine();
    unasked.begin(planOf(halfway.slice(1)));
    unasked.answer({ kind: "failed", reason: "cannot look" });
    expect(unasked.told).toEqual(["precheck b"]);
  });

  it("remembers the undo of an optional step that failed, for a verdict (X4)", () => {
    const machine = new Machine();
    machine.begin(planOf([step("b", { undo: { hook: "b" }, optional: true })]));
    machine.answer();
    machine.answer({ kind: "failed", reason: "exit code 1" });
    expect(machine.last?.status.kind).toBe("succeeded");
    machine.feed({ kind: "roll_back", action: machine.last?.id ?? "", reason: "not healed" });
    expect(machine.told.at(-1)).toBe("undo b");
  });

  it("undoes the step in which the daemon before this one died (X4)", () => {
    for (const answers of [1, 2, 3, 4, 5]) {
      const before = new Machine();
      before.begin(planOf(halfway));
      for (let count = 0; count < answers; count += 1) before.answer();
      const after = new Machine();
      if (before.last) after.feed({ kind: "resume", action: before.last });
      // One answer: `a` acts. Three: `b` acts. Five: `c` acts; `a` and `c` declare no undo.
      const expected = { 1: undefined, 2: "undo a", 3: "undo b", 4: "undo b", 5: "undo b" };
      expect(after.told.at(-1)).toBe(expected[answers as keyof typeof expected]);
    }
    const first = new Machine();
    first.begin(planOf(halfway.slice(1)));
    const after = new Machine();
    // The journal knows of its begin only; its first step may act already.
    if (first.last) after.feed({ kind: "resume", action: first.last });
    expect(after.told).toEqual(["undo b"]);
  });

  it("does not end a successor for whom only the predecessor was still to be ended", () => {
    const previous = { parameters: { which: "previous" } };
    const renewal = [step("start"), step("ready"), step("drain", previous), step("stop", previous)];
    for (const [answers, end] of [
      [3, "undo start"],
      [5, undefined],
      [7, undefined],
    ] as const) {
      const before = new Machine();
      before.begin(planOf(renewal));
      for (let count = 0; count < answers; count += 1) before.answer();
      const after = new Machine();
      if (before.last) after.feed({ kind: "resume", action: before.last });
      expect(after.told.at(-1)).toBe(end);
      if (end === undefined) expect(after.last?.status.kind).toBe("succeeded");
    }
  });

  it("goes on with a way back that the daemon before this one had begun (X4)", () => {
    const before = new Machine();
    before.begin(planOf([step("a"), step("b")]));
    for (let count = 0; count < 4; count += 1) before.answer();
    before.feed({ kind: "roll_back", action: before.last?.id ?? "", reason: "not healed" });
    before.answer();
    expect(before.told.at(-1)).toBe("undo a");
    const after = new Machine();
    if (before.last) after.feed({ kind: "resume", action: before.last });
    expect(after.told).toEqual(["undo a"]);
    after.answer();
    expect(after.last?.status).toMatchObject({ kind: "rolled_back", reason: "not healed" });
  });

  it("says no time of what the daemon before this one left in the middle: its end is unknown", () => {
    const before = new Machine();
    before.begin(planOf([step("command")]));
    before.answer();
    const after = new Machine();
    if (before.last) after.feed({ kind: "resume", action: before.last });
    expect(after.last?.status).toEqual({ kind: "failed", reason: interrupted });
  });

  it("counts what it takes over from when that began, also before this daemon", () => {
    const before = new Machine();
    before.begin(planOf([step("clean")]), true);
    const after = new Machine();
    after.nowMs = 17_000;
    if (before.last) after.feed({ kind: "resume", action: before.last });
    after.feed({ kind: "withdraw", action: before.last?.id ?? "", reason: "it is well" });
    expect(after.last?.status).toMatchObject({ kind: "failed", elapsedMs: 17_000 });
  });

  it("takes back only when nothing else is done to the resource any more (X1, X4)", () => {
    const machine = new Machine();
    machine.begin(planOf([step("switch")]));
    for (let count = 0; count < 2; count += 1) machine.answer();
    const { id = "" } = machine.last ?? {};
    machine.begin(planOf([step("restart")], { reverts: false }));
    machine.feed({ kind: "roll_back", action: id, reason: "not healed" });
    machine.nowMs += 500;
    machine.feed();
    expect(machine.told.at(-1)).toBe("precheck restart");
    for (let count = 0; count < 2; count += 1) machine.answer();
    machine.nowMs += 100;
    machine.feed();
    expect(machine.told.at(-1)).toBe("undo switch");
    machine.answer();
    expect(machine.last).toMatchObject({ id, status: { kind: "rolled_back" } });
  });

  it("withdraws what is yet to begin, and nothing else", () => {
    const machine = new Machine();
    machine.begin(planOf([step("clean")]), true);
    const withdraw = (): void =>
      machine.feed({ kind: "withdraw", action: machine.last?.id ?? "", reason: "it is well" });
    withdraw();
    expect(machine.last?.status).toMatchObject({
      kind: "failed",
      reason: "withdrawn: it is well",
    });
    machine.begin(planOf([step("start", { patienceMs: 60_000 })]));
    machine.answer({ kind: "later", reason: "the port is held", retryAfterMs: 100 });
    withdraw();
    expect(machine.last?.status.kind).toBe("failed");
    machine.begin(planOf([step("clean")]));
    machine.answer();
    withdraw();
    expect(machine.last?.status.kind).toBe("in_progress");
  });
});

import fc from "fast-check";
import { expect, it } from "vitest";
import { createIds, createRandom } from "../kernel/index.ts";
import type { Action, Command, Plan, Step, StepResult } from "../model/index.ts";
import { isFinished } from "../model/index.ts";
import { execute } from "./execute.ts";
import { createExecuteState } from "./execute-state.ts";

const result: fc.Arbitrary<StepResult | undefined> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ kind: "done" as const, detail: "", undo: { token: 1 } }) },
  { weight: 2, arbitrary: fc.constant({ kind: "done" as const, detail: "" }) },
  { weight: 1, arbitrary: fc.constant({ kind: "failed" as const, reason: "broken" }) },
  { weight: 1, arbitrary: fc.constant({ kind: "refused" as const, reason: "no" }) },
  {
    weight: 1,
    arbitrary: fc.constant({ kind: "later" as const, reason: "held", retryAfterMs: 100 }),
  },
  // No answer at all.
  { weight: 1, arbitrary: fc.constant(undefined) },
);

const step: fc.Arbitrary<Step> = fc.record(
  {
    kind: fc.constantFrom("start", "stop", "drain"),
    resource: fc.constant("instance/a.1" as const),
    parameters: fc.constant({}),
    deadlineMs: fc.integer({ min: 1, max: 1000 }),
    patienceMs: fc.integer({ min: 0, max: 1000 }),
    optional: fc.boolean(),
    undo: fc.constant({ declared: true }),
  },
  { requiredKeys: ["kind", "resource", "parameters", "deadlineMs"] },
);

function planOf(steps: readonly Step[], reverts: boolean): Plan {
  return {
    id: "plan",
    strategy: "s",
    resource: "instance/a.1",
    cause: { kind: "failure", incident: "i", failure: "f" },
    reason: "r",
    steps,
    irreversible: false,
    reverts,
    watch: { windowMs: 1, goodMin: 1, deadlineMs: 1 },
  };
}

it("ends every action, whatever the effectors answer (X2, X3, X4)", () => {
  const steps = fc.array(step, { minLength: 1, maxLength: 5 });
  const answers = fc.array(result, { maxLength: 40 });
  fc.assert(
    fc.property(steps, answers, fc.boolean(), (planned, given, reverts) => {
      let nowMs = 0;
      const clock = { now: () => ({ wallMs: nowMs, monotonicMs: nowMs }) };
      const state = createExecuteState(createIds(clock, createRandom(1)));
      const commands: Command[] = [];
      const half = new Set<string>();
      let last: Action | undefined;
      let open: Command | undefined;
      const note = (done: ReturnType<typeof execute>): void => {
        expect(done.commands.length).toBeLessThanOrEqual(1);
        commands.push(...done.commands);
        open = done.commands.at(-1) ?? open;
        last = done.actions.at(-1) ?? last;
      };
      const plan = planOf(planned, reverts);
      note(execute(state, [{ kind: "plan", plan, needsApproval: false }], clock.now()));
      const queue = [...given];
      for (let count = 0; count < 200; count += 1) {
        if (last && isFinished(last)) break;
        const answer = queue.shift();
        const told = open;
        if (told && (answer === undefined || answer.kind === "failed")) half.add(told.id);
        open = undefined;
        nowMs += 1;
        if (told && answer) {
          const input = { kind: "result", command: told.id, result: answer } as const;
          note(execute(state, [input], clock.now()));
        } else {
          nowMs = Math.max(nowMs, state.due.nextDueMs() ?? nowMs);
          note(execute(state, [], clock.now()));
        }
      }
      expect(last && isFinished(last)).toBe(true);
      expect(state.busy.size).toBe(0);
      expect(state.due.size).toBe(0);
      expect(new Set(commands.map(({ id }) => id)).size).toBe(commands.length);
      everyDeedWasAsked(commands);
      everyHalfDeedIsUndone(commands, half);
    }),
    { numRuns: 500, seed: 21 },
  );
});

/** A step that may be half done is what is undone next, if it declares how. */
function everyHalfDeedIsUndone(commands: readonly Command[], half: ReadonlySet<string>): void {
  for (const [index, { id, phase, step: told }] of commands.entries()) {
    if (phase !== "act" || !half.has(id) || told.optional || told.undo === undefined) continue;
    expect(commands[index + 1]).toMatchObject({ phase: "undo", step: told, undo: told.undo });
  }
}

/** Each `act` follows a precheck of the same step, and undoing goes backwards. */
function everyDeedWasAsked(commands: readonly Command[]): void {
  for (const [index, { phase, step: told }] of commands.entries()) {
    if (phase !== "act") continue;
    expect(commands[index - 1]).toMatchObject({ phase: "precheck", step: told });
  }
  const undone = commands
    .filter(({ phase }) => phase === "undo")
    .map(({ id }) => Number(id.split(":")[1]?.slice(1)));
  expect(undone).toEqual(undone.toSorted((a, b) => b - a));
}

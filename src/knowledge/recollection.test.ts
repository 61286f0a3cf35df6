import { describe, expect, it } from "vitest";
import type { Action, ActionStatus, Entry, Failure, Incident, Plan } from "../model/index.ts";
import {
  createRecollection,
  type Recollection,
  readRecollection,
  recollect,
  writeRecollection,
} from "./recollection.ts";

const resource = "instance/a.1";
const failure: Failure = {
  id: "fail_1",
  at: 0,
  resource,
  type: "hang",
  severity: "high",
  detector: "d",
  sensor: "s",
  reason: "r",
  evidence: [],
};
const incident: Incident = {
  id: "inc_1",
  openedAt: 0,
  cause: resource,
  title: "t",
  severity: "high",
  failures: [failure.id],
  victims: [],
  state: { kind: "open" },
  relapses: 0,
};
const plan: Plan = {
  id: "plan_1",
  strategy: "restart",
  resource,
  cause: { kind: "failure", incident: incident.id, failure: failure.id },
  reason: "r",
  steps: [],
  irreversible: false,
  reverts: false,
  watch: { windowMs: 1, goodMin: 1, deadlineMs: 1 },
};

const actionIn = (status: ActionStatus, of: Plan = plan): Entry => ({
  kind: "action",
  action: { id: "act_1", plan: of, at: 0, status, done: [], begunMs: 0 } satisfies Action,
});
const verdict = (healed: boolean, at = 0): Entry => ({
  kind: "verdict",
  verdict: { at, failure: failure.id, action: "act_1", healed, reason: "seen" },
});

function fold(entries: readonly Entry[], at = 0): Recollection {
  const memory = createRecollection();
  for (const entry of entries) recollect(memory, entry, at);
  return memory;
}

describe("recollection", () => {
  it("knows failures and incidents as long as they are open", () => {
    const open: Entry[] = [
      { kind: "failure_raised", failure },
      { kind: "incident", incident },
    ];
    const memory = fold(open);
    expect([...memory.failures.keys(), ...memory.incidents.keys()]).toEqual(["fail_1", "inc_1"]);
    const state = { kind: "resolved", at: 1, by: "act_1" } as const;
    const over = fold([
      ...open,
      { kind: "failure_resolved", failure: failure.id, reason: "seen" },
      { kind: "incident", incident: { ...incident, state } },
    ]);
    expect([over.failures.size, over.incidents.size]).toEqual([0, 0]);
  });

  it("knows actions that are not over, and those whose verdict is awaited", () => {
    const sizeAfter = (...entries: Entry[]): number => fold(entries).actions.size;
    expect(sizeAfter(actionIn({ kind: "in_progress", step: 0 }))).toBe(1);
    const succeeded = actionIn({ kind: "succeeded", elapsedMs: 1 });
    expect(sizeAfter(succeeded)).toBe(1);
    expect(sizeAfter(succeeded, verdict(true))).toBe(0);
    expect(sizeAfter(succeeded, verdict(false))).toBe(1);
    const { watch: _, ...unwatched } = plan;
    expect(sizeAfter(actionIn({ kind: "succeeded", elapsedMs: 1 }, unwatched))).toBe(0);
    const failed: ActionStatus = { kind: "rolled_back", elapsedMs: 1, reason: "r" };
    expect(sizeAfter(succeeded, verdict(false), actionIn(failed))).toBe(0);
  });

  it("knows an action until the last of what it was to heal is over", () => {
    const succeeded = actionIn({ kind: "succeeded", elapsedMs: 1 });
    const other: Failure = { ...failure, id: "fail_2", type: "stalled_work" };
    const both: Entry[] = [
      { kind: "failure_raised", failure },
      { kind: "failure_raised", failure: other },
      succeeded,
    ];
    const resolved = (id: string): Entry => ({ kind: "failure_resolved", failure: id, reason: "" });
    const half = [...both, verdict(true), resolved(failure.id)];
    expect(fold(half).actions.size).toBe(1);
    expect(fold([...half, resolved(other.id)]).actions.size).toBe(0);
  });

  it("learns from verdicts", () => {
    const succeeded = actionIn({ kind: "succeeded", elapsedMs: 1 });
    const memory = fold([{ kind: "failure_raised", failure }, succeeded, verdict(true, 5)]);
    expect([...memory.book]).toEqual([
      ["instance/a.1:hang|restart", { helped: 1, failed: 0, at: 5 }],
    ]);
  });

  it("keeps what was spent, to a limit, and nothing for supervision", () => {
    const memory = createRecollection();
    recollect(memory, { kind: "plan", plan: { ...plan, cause: { kind: "supervision" } } }, 0);
    expect(memory.spent).toEqual([]);
    for (let hour = 0; hour < 1010; hour += 1) {
      recollect(memory, { kind: "plan", plan }, hour * 3_600_000);
    }
    expect(memory.spent).toHaveLength(1000);
    expect(memory.spent[0]?.at).toBe(10 * 3_600_000);
  });

  it("knows the last word on every slot and mode", () => {
    const slot = { resource, quarantined: false, crashes: 0, specHash: "h" } as const;
    const memory = fold([
      { kind: "supervision", slot: { ...slot, desired: "running" } },
      { kind: "supervision", slot: { ...slot, desired: "stopped" } },
      { kind: "mode_changed", scope: "fleet", mode: "off", by: "ana" },
      { kind: "mode_changed", scope: "fleet", mode: "monitor", by: "ana" },
    ]);
    expect(memory.slots.get(resource)?.desired).toBe("stopped");
    expect(memory.modes.get("fleet")).toBe("monitor");
  });

  it("knows what rests after its work is done, until all was brought down", () => {
    const slot = { resource, quarantined: false, crashes: 0, specHash: "h" } as const;
    const rests: Entry = {
      kind: "supervision",
      slot: { ...slot, desired: "running", ended: true },
    };
    const stopped: Entry = { kind: "daemon_stopped", reason: "SIGTERM" };
    expect(fold([rests]).slots.get(resource)?.ended).toBe(true);
    expect(fold([rests, stopped]).slots.get(resource)?.ended).toBeUndefined();
  });

  it("counts starts, each process once, until all is down", () => {
    const started = (pid: number, adopted = false): Entry => {
      const run = {
        resource,
        process: { pid, startTicks: 1, bootId: "b" },
        specHash: "h",
      } as const;
      return { kind: "process_started", run, adopted };
    };
    const exited = (pid: number): Entry => {
      const process = { pid, startTicks: 1, bootId: "b" };
      const end = { code: 1, signal: null, uptimeMs: 1, expected: false };
      return { kind: "process_exited", exit: { resource, process, ...end } };
    };
    const stopped: Entry = { kind: "daemon_stopped", reason: "SIGTERM" };
    const countOf = (...entries: Entry[]) => fold(entries).starts.get(resource) ?? 0;
    const twice = [started(1), exited(1), started(2)];
    expect(countOf(...twice)).toBe(2);
    expect(countOf(...twice, stopped, started(2, true))).toBe(2);
    expect(countOf(...twice, exited(2), stopped)).toBe(0);
    expect(readRecollection(writeRecollection(fold(twice)))?.starts.get(resource)).toBe(2);
  });

  describe("what was healed lately", () => {
    const healed: readonly Entry[] = [
      { kind: "failure_raised", failure },
      { kind: "incident", incident },
      { kind: "plan", plan },
      actionIn({ kind: "succeeded", elapsedMs: 1 }),
      verdict(true, 5000),
      { kind: "failure_resolved", failure: failure.id, reason: "good looks" },
    ];
    const over: Incident = { ...incident, state: { kind: "resolved", at: 5000, by: "act_1" } };
    const key = "instance/a.1:hang|restart";

    it("is known with its incident, its attempts and what helped", () => {
      const memory = fold([...healed, { kind: "incident", incident: over }], 5000);
      expect(memory.incidents.size).toBe(0);
      expect([...memory.resolved]).toEqual([
        ["instance/a.1:hang", { incident: incident.id, at: 5000 }],
      ]);
      expect([...memory.past.values()]).toEqual([over]);
      expect(memory.tried.get(resource)).toEqual({
        incident: incident.id,
        attempts: [{ strategy: "restart", action: plan.id, helped: true }],
        healedBy: { action: "act_1", strategy: "restart" },
        closedAt: 5000,
      });
      expect(readRecollection(writeRecollection(memory))).toEqual(memory);
    });

    it("has not helped when it comes back", () => {
      const again = { ...failure, id: "fail_2" };
      const relapse: Entry = {
        kind: "relapse",
        relapse: { failure: "fail_2", action: "act_1", strategy: "restart", wellForMs: 1000 },
      };
      const reopened = { ...incident, failures: [failure.id, "fail_2"], relapses: 1 };
      const memory = fold([
        ...healed,
        { kind: "incident", incident: over },
        { kind: "failure_raised", failure: again },
        { kind: "incident", incident: reopened },
        relapse,
        { kind: "plan", plan: { ...plan, id: "plan_2", strategy: "rollback_config" } },
      ]);
      const { helped, failed } = memory.book.get(key) ?? { helped: 0, failed: 0 };
      expect([Math.round(helped), failed]).toEqual([1, 1]);
      expect(memory.past.size).toBe(0);
      expect(memory.tried.get(resource)?.attempts).toEqual([
        { strategy: "restart", action: plan.id, helped: false },
        { strategy: "rollback_config", action: "plan_2" },
      ]);
    });

    it("was not tried when it was withdrawn, and was when a person has refused it", () => {
      const attemptsAfter = (answer: Action["answer"]) => {
        const action = { id: "act_1", plan, at: 0, done: [], begunMs: 0 };
        const failed = { kind: "failed", elapsedMs: 1, reason: "r" } as const;
        const memory = fold([
          { kind: "plan", plan },
          actionIn({ kind: "waiting_for_approval" }),
          { kind: "action", action: { ...action, status: failed, ...(answer && { answer }) } },
        ]);
        return memory.tried.get(resource)?.attempts;
      };
      expect(attemptsAfter({ kind: "withdrawn" })).toEqual([]);
      expect(attemptsAfter({ kind: "dismissed", by: "ana" })).toMatchObject([{ helped: false }]);
    });

    it("counts as it did, whatever is asked for afterwards; what is ill begins anew", () => {
      const anew: Entry = {
        kind: "supervision",
        slot: { resource, desired: "running", quarantined: false, crashes: 0, specHash: "h" },
        anew: true,
      };
      expect(fold([...healed, anew]).tried.get(resource)?.attempts).toHaveLength(1);
      const ill = healed.slice(0, 3);
      const underWay = [...ill, actionIn({ kind: "in_progress", step: 0 })];
      expect(fold([...underWay, anew]).tried.get(resource)?.attempts).toHaveLength(1);
      const failed = actionIn({ kind: "failed", elapsedMs: 1, reason: "r" });
      expect(fold([...ill, failed, anew]).tried.get(resource)?.attempts).toEqual([]);
    });

    it("is bounded", () => {
      const memory = createRecollection();
      for (let count = 0; count < 1000; count += 1) {
        const id = `fail_${count}`;
        const other = { ...failure, id, resource: `http/r${count}` } as const;
        const its = { ...incident, id: `inc_${count}`, cause: other.resource, failures: [id] };
        const planned: Plan = { ...plan, resource: other.resource };
        for (const entry of [
          { kind: "failure_raised", failure: other },
          { kind: "incident", incident: its },
          { kind: "plan", plan: planned },
          { kind: "failure_resolved", failure: id, reason: "r" },
          { kind: "incident", incident: { ...its, state: over.state } },
        ] satisfies Entry[]) {
          recollect(memory, entry, count);
        }
      }
      expect([memory.resolved.size, memory.past.size, memory.tried.size]).toEqual([300, 300, 300]);
    });
  });

  const full = fold(
    [
      { kind: "failure_raised", failure },
      { kind: "incident", incident },
      { kind: "plan", plan },
      actionIn({ kind: "succeeded", elapsedMs: 1 }),
      verdict(false),
      { kind: "mode_changed", scope: "a", mode: "shadow", by: "ana" },
    ],
    7,
  );

  it("is the same after it was written and read", () => {
    expect(readRecollection(writeRecollection(full))).toEqual(full);
    expect(readRecollection(writeRecollection(createRecollection()))).toEqual(createRecollection());
  });

  it("does not read a checkpoint that is torn, of another version, or of something else", () => {
    const text = writeRecollection(full);
    for (let length = 0; length < text.length; length += 1) {
      expect(readRecollection(text.slice(0, length))).toBeUndefined();
    }
    expect(readRecollection(text.replace('"version":1', '"version":2'))).toBeUndefined();
    for (const other of ["null", "7", "[]", "{}", '{"version":1}']) {
      expect(readRecollection(other)).toBeUndefined();
    }
  });
});

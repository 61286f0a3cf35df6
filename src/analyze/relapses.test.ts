import { describe, expect, it } from "vitest";
import { cause, Ward } from "./incidents-bench.ts";
import { restoreIncidents } from "./incidents-state.ts";

describe("relapses", () => {
  it("reopens for a relapse, and opens anew when it is none (N3)", () => {
    const ward = new Ward();
    ward.resolve(ward.raise("db"));
    ward.nowMs += 599_999;
    const again = ward.raise("db");
    expect(ward.incidents.size).toBe(1);
    expect(ward.live).toMatchObject([{ relapses: 1, state: { kind: "open" } }]);
    ward.resolve(again);
    ward.nowMs += 600_001;
    ward.raise("db");
    expect(ward.incidents.size).toBe(2);
    ward.nowMs += 1;
    ward.raise("other", "slow");
    expect(ward.incidents.size).toBe(3);
  });

  it("says beside the title of the first time why it came back, and when (N3)", () => {
    const ward = new Ward();
    ward.resolve(ward.raise("db"));
    ward.nowMs += 5000;
    ward.tell([{ ...ward.failure("db"), reason: "its answer is late" }]);
    expect(ward.live).toMatchObject([
      {
        openedAt: 1000,
        title: `${cause("db")}: it does not answer`,
        reopened: { at: 6000, reason: "its answer is late" },
      },
    ]);
  });

  it("tells a person once of what comes back too often, and goes on (N7)", () => {
    const ward = new Ward();
    const states: string[] = [];
    const comeBack = (times: number, everyMs: number): void => {
      for (let count = 0; count < times; count += 1) {
        const failure = ward.raise("db", "process_exited");
        const incident = ward.live[0]?.id ?? "";
        const action = { incident, failure: failure.id, action: "a", resource: cause("db") };
        states.push(ward.live[0]?.state.kind ?? "none");
        ward.tell([], { kind: "action_begun", ...action });
        states.push(ward.live[0]?.state.kind ?? "none");
        ward.resolve(failure);
        ward.nowMs += everyMs;
      }
    };
    // The first is no relapse; the fifth relapse within an hour is told, and stays told.
    comeBack(7, 300_000);
    const healed = ["open", "recovering"];
    const told = ["escalated", "escalated"];
    expect(states).toEqual([1, 2, 3, 4, 5].flatMap(() => healed).concat(told, healed));
    const [incident] = ward.incidents.values();
    expect(incident).toMatchObject({ relapses: 6, state: { kind: "resolved" } });
    expect(incident?.relapsedAt).toHaveLength(5);
    expect(incident?.toldOftenAt).toBeGreaterThan(0);
    expect(ward.incidents.size).toBe(1);
  });

  it("tells nobody of what comes back now and then (N7)", () => {
    const ward = new Ward();
    for (let count = 0; count < 20; count += 1) {
      ward.resolve(ward.raise("db", "process_exited"));
      expect(ward.live).toEqual([]);
      // Three within any hour: the others of the pair are too late to be relapses.
      ward.nowMs += count % 2 === 0 ? 599_000 : 1_300_000;
    }
    expect([...ward.incidents.values()].some(({ toldOftenAt }) => toldOftenAt)).toBe(false);
  });

  it("knows after a restart of the daemon what was healed before (N3)", () => {
    const before = new Ward();
    before.resolve(before.raise("db"));
    const [known] = before.incidents.values();
    for (const [laterMs, isKnown] of [
      [599_000, true],
      [601_000, false],
    ] as const) {
      const after = new Ward();
      after.nowMs = before.nowMs + laterMs;
      restoreIncidents(after.state, before.memory([]), { wallMs: after.nowMs, monotonicMs: 0 });
      // The clock that counts begins anew with the process, and goes on with the other one.
      after.nowMs = 0;
      const [incident] = after.tell([after.failure("db")]);
      expect(incident?.id === known?.id).toBe(isKnown);
      expect(incident?.relapses).toBe(isKnown ? 1 : 0);
    }
  });

  it("reopens with the same cause and title, and takes only recent suffering along (N3)", () => {
    const ward = new Ward();
    ward.resolve(ward.raise("db", "process_exited"));
    const before = ward.incidents.values().next().value;
    ward.raise("web");
    ward.nowMs += 60_000;
    const again = { ...ward.failure("db", "process_exited"), reason: "something else" };
    ward.tell([{ ...again, severity: "critical" }]);
    expect(ward.told.toSorted()).toEqual([`${cause("db")}: db / `, `${cause("web")}: web / `]);
    expect(ward.incidents.get(before?.id ?? "")).toMatchObject({
      cause: cause("db"),
      title: before?.title,
      severity: "critical",
      relapses: 1,
    });
  });
});

import { describe, expect, it } from "vitest";
import type { Fleet } from "../config/index.ts";
import type { Failure, FailureType, Verdict, Watch } from "../model/index.ts";
import { createVerifyState, type VerifyInput, verify } from "./verify.ts";

const fleet = {
  detection: { watchMs: 5000, verifyDeadlineMs: 30_000 },
  services: { a: { liveness: { up: 2 } } } as unknown,
  resources: {},
} as Fleet;
const watch: Watch = { windowMs: 2000, goodMin: 2, deadlineMs: 10_000 };

function failure(id: string, type: FailureType = "hang"): Failure {
  return {
    id,
    at: 0,
    resource: "instance/a.1",
    type,
    severity: "high",
    detector: "d",
    sensor: "liveness",
    reason: "r",
    evidence: [],
  };
}

/** Runs inputs at their times; an empty list lets only time pass. */
function verdicts(
  script: readonly (readonly [atMs: number, ...inputs: VerifyInput[]])[],
  of: Fleet = fleet,
): Verdict[] {
  const state = createVerifyState(of);
  return script.flatMap(([atMs, ...inputs]) => [
    ...verify(state, inputs, { wallMs: atMs, monotonicMs: atMs }).verdicts,
  ]);
}

const raised = (id = "f"): VerifyInput => ({ kind: "raised", failure: failure(id) });
const acting: VerifyInput = { kind: "acting", resource: "instance/a.1" };
const acted: VerifyInput = { kind: "acted", resource: "instance/a.1", action: "act", watch };
const look = (finding: "good" | "suspect" | "bad", begunMs: number): VerifyInput => ({
  kind: "evidence",
  failure: "f",
  finding,
  begunMs,
  reason: finding,
});

describe("verify", () => {
  it("waits for nothing when what was started has ended already (V3)", () => {
    const gone: VerifyInput = { ...acted, isGone: true };
    const given = verdicts([[0, raised()], [100, acting], [500, gone], [60_000]]);
    expect(given).toEqual([
      {
        at: 500,
        failure: "f",
        action: "act",
        healed: false,
        reason: "what it started has ended already",
      },
    ]);
  });

  it("counts the time to heal from the failure, also of one that an earlier daemon has raised", () => {
    const old: VerifyInput = { kind: "raised", failure: failure("f"), isTakenOver: true };
    const good = [6000, 9000, 12_000].map((at) => [at, look("good", at)] as const);
    expect(verdicts([[5000, old], ...good])).toMatchObject([{ healedAfterMs: 6000 }]);
  });

  it("calls it healed after a clean window of fresh good looks (V2)", () => {
    const given = verdicts([
      [0, raised()],
      [100, acting],
      [500, acted],
      [1000, look("good", 900)],
      [2000, look("good", 1900)],
      [3000, look("good", 2950)],
    ]);
    expect(given).toHaveLength(1);
    expect(given[0]).toMatchObject({ healed: true, action: "act", healedAfterMs: 900 });
  });

  it("judges what was done for one part by that part alone (V3)", () => {
    const of = (id: string, part: string): VerifyInput => ({
      kind: "raised",
      failure: { ...failure(id, "disk_exhaustion"), part },
    });
    const begun = [[0, of("f", "/var")] as const, [100, acting] as const, [500, acted] as const];
    expect(verdicts([...begun, [900, of("g", "/srv")]])).toEqual([]);
    expect(verdicts([...begun, [900, of("g", "/var")]])).toMatchObject([{ healed: false }]);
  });

  it("goes on judging by itself what an action is not for (V4)", () => {
    const good = (id: string, begunMs: number): VerifyInput => ({
      ...(look("good", begunMs) as Extract<VerifyInput, { kind: "evidence" }>),
      failure: id,
    });
    const aim = { resource: "instance/a.1", failure: "f" } as const;
    const looks = [1000, 3000, 6000].map((ms) => [ms, good("f", ms), good("g", ms)] as const);
    const given = verdicts([
      [0, raised("f"), raised("g")],
      [100, { kind: "acting", ...aim }],
      ...looks,
      [7000, { kind: "acted", ...aim, action: "act", watch }],
      [8000, good("f", 8000)],
      [10_000, good("f", 10_000)],
    ]);
    expect(given.map(({ failure: of, action }) => [of, action])).toEqual([
      ["g", undefined],
      ["f", "act"],
    ]);
  });

  it("does not count looks that began before the action was over (V1)", () => {
    const given = verdicts([
      [0, raised()],
      [100, acting],
      [200, look("good", 150)],
      [500, acted],
      [600, look("good", 499)],
      [2700, look("good", 2600)],
    ]);
    expect(given).toEqual([]);
  });

  it("begins the window anew after a look that was not good (V2)", () => {
    const given = verdicts([
      [500, raised(), acted],
      [1000, look("good", 900)],
      [2000, look("suspect", 1900)],
      [3000, look("good", 2900)],
      [4000, look("good", 3900)],
    ]);
    expect(given).toEqual([]);
  });

  it("calls it not healed after a bad look, once (V3)", () => {
    const given = verdicts([
      [500, raised(), acted],
      [1000, look("bad", 900)],
      [1100, look("bad", 1000)],
    ]);
    expect(given).toHaveLength(1);
    expect(given[0]).toMatchObject({ healed: false, action: "act", reason: "bad" });
  });

  it("calls it not healed at the deadline, and when another decisive failure is raised (V3)", () => {
    expect(verdicts([[500, raised(), acted], [10_500]])).toMatchObject([{ healed: false }]);
    const another: VerifyInput = { kind: "raised", failure: failure("g", "crash_loop") };
    expect(
      verdicts([
        [500, raised(), acted],
        [600, another],
      ]),
    ).toMatchObject([{ healed: false, failure: "f" }]);
  });

  it("needs the same clean window when it gets well by itself (V4)", () => {
    const given = verdicts([
      [0, raised()],
      [1000, look("good", 1000)],
      [3000, look("good", 3000)],
      [6000, look("good", 6000)],
    ]);
    expect(given).toHaveLength(1);
    expect(given[0]).toMatchObject({ healed: true });
    expect(given[0]?.action).toBeUndefined();
  });

  it("watches for a recovery by itself again when an action was given up", () => {
    const given = verdicts([
      [0, raised()],
      [100, acting],
      [200, { kind: "idle", resource: "instance/a.1" }],
      [1000, look("good", 900)],
      [6000, look("good", 5900)],
    ]);
    expect(given).toMatchObject([{ healed: true }]);
  });

  it("asks for as many good looks as the probe declares (`up`)", () => {
    const looks = [6000, 7000, 8000, 9000].map((ms) => [ms, look("good", ms - 6000)] as const);
    const healedAt = (up: number): number | undefined =>
      verdicts([[0, raised()], ...looks], {
        ...fleet,
        services: { a: { liveness: { up } } } as unknown as Fleet["services"],
      })[0]?.at;
    expect([1, 2, 4].map(healedAt)).toEqual([6000, 7000, 9000]);
  });

  it("ends what is no longer in the fleet, and gives no action the credit (V6)", () => {
    const gone: VerifyInput = { kind: "gone", resource: "instance/a.1", reason: "it is no more" };
    const given = verdicts([[0, raised()], [100, acted], [200, gone], [60_000]]);
    expect(given).toEqual([
      { at: 200, failure: "f", healed: true, reason: "it is no more", givenUp: true },
    ]);
  });

  it("ends only the part that is no longer looked at (V6)", () => {
    const goneIs = (part: string) => {
      const gone: VerifyInput = { kind: "gone", resource: "instance/a.1", part, reason: "no more" };
      const found = { ...failure("f"), part: "disk.used:/srv" };
      return verdicts([[0, { kind: "raised", failure: found }], [200, gone], [60_000]]).length;
    };
    expect([goneIs("disk.used:/srv"), goneIs("disk.used:/")]).toEqual([1, 0]);
  });
});

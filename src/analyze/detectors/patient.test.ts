/** What a machine short of processor time changes, and what it does not. */
import { describe, expect, it } from "vitest";
import type { Patience, Reading } from "../../model/index.ts";
import type { Opinion } from "../detector.ts";
import { checksDetector } from "./checks.ts";
import { opinions } from "./detector-bench.ts";
import { latencyDetector } from "./latency.ts";
import { processLifeDetector } from "./process-life.ts";
import { stalledWorkDetector } from "./stalled-work.ts";

const timeoutMs = 500;
const calm: Patience = { factor: 1, reason: "" };
const busy: Patience = { factor: 4, reason: "the machine is busy" };

const silent = (elapsedMs: number): Reading => ({
  kind: "check",
  ok: false,
  elapsedMs,
  symptom: "timeout",
  reason: `no answer within ${elapsedMs} ms`,
});
const answered = (elapsedMs: number): Reading => ({
  kind: "check",
  ok: true,
  elapsedMs,
  reason: "200",
});

const kindOf = (opinion: Opinion | undefined): string | undefined => opinion?.kind;

const checks = (patience: Patience) =>
  checksDetector({
    sensor: "liveness",
    down: 2,
    of: 3,
    severity: "high",
    types: { timeout: "hang" },
    patience: { timeoutMs, ask: () => patience },
  });

describe("checks", () => {
  it("calls two silent looks a hang on a calm machine", () => {
    const given = opinions(checks(calm), "liveness", [silent(500), silent(500)]);
    expect(given.map(kindOf)).toEqual(["suspect", "bad"]);
    expect(given[1]).toMatchObject({ type: "hang" });
  });

  it("never calls hung what answers within the stretched time (C3)", () => {
    const pauses = [silent(500), silent(500), answered(700), silent(500), silent(600)];
    const given = opinions(checks(busy), "liveness", [...pauses, answered(300), ...pauses]);
    expect(given.map(kindOf)).not.toContain("bad");
  });

  it("says nothing of patience where an answer came at once", () => {
    const refused = { kind: "check", ok: false, elapsedMs: 1, symptom: "refused" } as const;
    const reading = { ...refused, reason: "nobody listens there" };
    expect(opinions(checks(busy), "liveness", [reading, reading])[1]).toMatchObject({
      reason: "2 of the last 2 looks failed: nobody listens there",
    });
  });

  it("finds what hangs all the same, and says what it waited for (C3)", () => {
    const given = opinions(checks(busy), "liveness", [silent(2000), silent(2000)]);
    expect(given.map(kindOf)).toEqual(["suspect", "bad"]);
    expect(given[1]).toMatchObject({
      type: "hang",
      reason:
        "2 of the last 2 looks failed: no answer within 2000 ms (waited for 4 times as long, because the machine is busy)",
    });
    // Also where looks cannot be stretched: what they waited adds up.
    const short = opinions(
      checks(busy),
      "liveness",
      Array.from({ length: 8 }, () => silent(500)),
    );
    expect(short.map(kindOf)).toEqual([...Array<string>(7).fill("suspect"), "bad"]);
  });

  it("is as quick as ever with what answers, and answers wrongly", () => {
    const refused: Reading = { ...silent(1), symptom: "refused" } as Reading;
    expect(opinions(checks(busy), "liveness", [refused, refused]).map(kindOf)).toEqual([
      "suspect",
      "bad",
    ]);
  });
});

describe("a start", () => {
  it("gets more time, and not for ever", () => {
    let patience = busy;
    const life = processLifeDetector({
      restart: "always",
      startTimeoutMs: 1000,
      hasProbes: true,
      isAskedAgain: true,
      loopCrashes: 3,
      crashWindowMs: 1000,
      healthyRunMs: 1000,
      patience: () => patience,
    });
    const state = life.initial();
    const process = { pid: 7, startTicks: 1, bootId: "b" };
    const reading: Reading = { kind: "started", process, specHash: "h", adopted: false };
    const at = (nowMs: number) => ({ wallMs: nowMs, monotonicMs: nowMs });
    const seen = { resource: "instance/a.1", sensor: "process", at: 0, begunMs: 0 } as const;
    life.judge(state, { ...seen, reading }, at(0));
    expect(life.silence?.judge(state, at(1000))).toBeUndefined();
    expect(life.silence?.dueMs(state)).toBe(4000);
    expect(life.silence?.judge(state, at(4000))).toMatchObject({ type: "start_timeout" });
    patience = calm;
    life.judge(state, { ...seen, reading }, at(5000));
    expect(life.silence?.judge(state, at(6000))).toMatchObject({
      reason: "not ready within 1000 ms of its start",
    });
  });
});

describe("work", () => {
  it("may stand still for longer", () => {
    const work: Reading = { kind: "work", counter: "c", done: 3, waiting: 1 };
    const stalled = (patience: Patience) =>
      opinions(
        stalledWorkDetector({ work: "a", stallAfterMs: 1000, patience: () => patience }),
        "work.a",
        Array.from({ length: 5 }, () => work),
      ).map(kindOf);
    expect(stalled(calm)).toEqual(["suspect", "bad", "bad", "bad", "bad"]);
    expect(stalled(busy)).toEqual(["suspect", "suspect", "suspect", "suspect", "bad"]);
  });
});

describe("latency", () => {
  const options = { sensor: "liveness", limitMs: 300, down: 2, of: 3 };
  const latency = (patience: Patience) => latencyDetector({ ...options, patience: () => patience });

  it("says what is slow, as often as makes a failure of the probe", () => {
    const given = opinions(latency(calm), "liveness", [301, 300, 400].map(answered));
    expect(given.map(kindOf)).toEqual(["suspect", "good", "bad"]);
    expect(given[2]).toMatchObject({
      type: "slow",
      reason: "2 of the last 3 answers took too long, this one 400 ms; declared are 300 ms",
    });
  });

  it("judges the last look alone where one is declared", () => {
    const detector = latencyDetector({ ...options, down: 1, of: 1, patience: () => calm });
    const given = opinions(detector, "liveness", [400, 300, 400, 300, 400].map(answered));
    expect(given.at(-1)).toMatchObject({
      kind: "bad",
      reason: "1 of the last 1 answers took too long, this one 400 ms; declared are 300 ms",
    });
  });

  it("has nothing to say about what does not answer, and more patience with a busy machine", () => {
    expect(opinions(latency(calm), "liveness", [silent(500)])).toEqual([undefined]);
    expect(
      opinions(latency(busy), "liveness", [400, 1200, 1300, 1300].map(answered)).map(kindOf),
    ).toEqual(["good", "good", "suspect", "bad"]);
  });
});

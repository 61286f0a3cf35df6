import { describe, expect, it } from "vitest";
import type { Instant } from "../../kernel/index.ts";
import type { Observation, Reading } from "../../model/index.ts";
import { type Detector, listOf, type Opinions } from "../detector.ts";
import { certificateDetector } from "./certificate.ts";
import { checksDetector } from "./checks.ts";
import { flappingDetector } from "./flapping.ts";
import { occurrencesDetector } from "./occurrences.ts";
import { portConflictDetector } from "./port-conflict.ts";
import { processLifeDetector } from "./process-life.ts";
import { stalledWorkDetector } from "./stalled-work.ts";
import { stoppedDetector } from "./stopped.ts";

/** Shows a detector readings, one every `stepMs`, and writes down what it thinks of each. */
function opinions(
  detector: Detector,
  readings: readonly (readonly [sensor: string, reading: Reading])[],
  stepMs = 1000,
): string[] {
  const state = detector.initial();
  return readings.map(([sensor, reading], index) => {
    const now: Instant = { wallMs: index * stepMs, monotonicMs: index * stepMs };
    const at = { at: now.wallMs, begunMs: now.monotonicMs };
    const observation: Observation = { resource: "instance/a.1", sensor, reading, ...at };
    return textOf(detector.judge(state, observation, now));
  });
}

function textOf(opinions: Opinions): string {
  const [opinion] = listOf(opinions);
  if (opinion === undefined) return "-";
  return opinion.kind === "bad" ? opinion.type : opinion.kind;
}

const pass: Reading = { kind: "check", ok: true, elapsedMs: 1, reason: "200" };
const fail = (symptom: "timeout" | "refused" | "status"): Reading => ({
  kind: "check",
  ok: false,
  elapsedMs: 1,
  symptom,
  reason: symptom,
});
const identity = { pid: 7, startTicks: 1, bootId: "b" };
const started: Reading = { kind: "started", process: identity, specHash: "h", adopted: false };
const exited = (uptimeMs: number, expected = false, code = 1): Reading => ({
  kind: "exited",
  process: identity,
  code,
  signal: null,
  uptimeMs,
  expected,
});

describe("checks", () => {
  const detector = checksDetector({ sensor: "liveness", down: 2, of: 3, severity: "high" });
  const looks = (pattern: string): string[] =>
    opinions(
      detector,
      Array.from(pattern).map((look) => ["liveness", look === "+" ? pass : fail("refused")]),
    );

  it("calls N of M a failure, and fewer not (C1)", () => {
    expect(looks("+-+")).toEqual(["good", "suspect", "good"]);
    expect(looks("-+-")).toEqual(["suspect", "good", "unreachable"]);
    expect(looks("-++-")).toEqual(["suspect", "good", "good", "suspect"]);
    expect(looks("--+")).toEqual(["suspect", "unreachable", "good"]);
  });

  it("names the failure by its symptom", () => {
    const instance = checksDetector({
      sensor: "liveness",
      down: 1,
      of: 1,
      severity: "high",
      types: { timeout: "hang" },
    });
    expect(
      opinions(instance, [
        ["liveness", fail("timeout")],
        ["liveness", fail("refused")],
        ["liveness", fail("status")],
      ]),
    ).toEqual(["hang", "unreachable", "check_failed"]);
  });

  it("takes a passed startup look as good evidence, and a failed one as nothing", () => {
    const both = checksDetector({
      sensor: "liveness",
      alsoGood: ["startup"],
      down: 1,
      of: 1,
      severity: "high",
    });
    expect(
      opinions(both, [
        ["startup", fail("refused")],
        ["startup", pass],
      ]),
    ).toEqual(["-", "good"]);
  });
});

describe("process life", () => {
  const options = {
    restart: "always" as const,
    startTimeoutMs: 5000,
    hasProbes: true,
    isAskedAgain: true,
    loopCrashes: 3,
    crashWindowMs: 60_000,
    healthyRunMs: 10_000,
  };

  it("never blames an exit that was asked for (L1)", () => {
    const detector = processLifeDetector(options);
    expect(opinions(detector, [["process", exited(5, true)]])).toEqual(["-"]);
  });

  it("minds the restart policy (L1)", () => {
    const lenient = processLifeDetector({ ...options, restart: "on-failure" });
    expect(
      opinions(lenient, [
        ["process", exited(5, false, 0)],
        ["process", exited(5, false, 1)],
      ]),
    ).toEqual(["-", "process_exited"]);
  });

  it("calls a job that ended badly failed, and none whose end nobody saw (L1)", () => {
    const never = processLifeDetector({ ...options, restart: "never" });
    const state = never.initial();
    const how = { kind: "exited", process: identity, uptimeMs: 5, expected: false } as const;
    const reasons = [
      exited(5, false, 0),
      { ...how, code: null, signal: null },
      exited(5, true, 2),
      exited(5, false, 2),
      exited(5, false, 2),
      exited(5, false, 2),
      { ...how, code: null, signal: "SIGTERM" },
      { ...how, code: null, signal: null, outOfMemory: true },
    ].map((reading) => {
      const observation = {
        resource: "instance/a.1",
        sensor: "process",
        at: 0,
        begunMs: 0,
      } as const;
      const now = { wallMs: 0, monotonicMs: 0 };
      const [opinion] = listOf(never.judge(state, { ...observation, reading }, now));
      return opinion?.kind === "bad" ? `${opinion.type}: ${opinion.reason}` : "-";
    });
    const rest = "; its restart policy is never";
    const failed = `process_exited: the process exited with code 2 after 5 ms${rest}`;
    expect(reasons).toEqual([
      "-",
      "-",
      "-",
      ...Array.from({ length: 3 }, () => failed),
      `process_exited: the process was ended by SIGTERM after 5 ms${rest}`,
      `process_exited: the process was killed at its memory limit after 5 ms${rest}`,
    ]);
  });

  it("sees a loop in short runs only (L2)", () => {
    const detector = processLifeDetector(options);
    const short = ["process", exited(50)] as const;
    const long = ["process", exited(20_000)] as const;
    expect(opinions(detector, [short, short, short])).toEqual([
      "process_exited",
      "process_exited",
      "crash_loop",
    ]);
    expect(opinions(detector, [short, short, long, short])).toEqual(
      Array(4).fill("process_exited"),
    );
    expect(opinions(detector, [short, short, short], 40_000)).toEqual(
      Array(3).fill("process_exited"),
    );
  });

  it("takes probes as signs of life, or numbers where there are none (L3)", () => {
    const usage: Reading = { kind: "samples", samples: [] };
    const withProbes = processLifeDetector(options);
    expect(
      opinions(withProbes, [
        ["process", started],
        ["usage", usage],
        ["startup", pass],
      ]),
    ).toEqual(["-", "-", "good"]);
    const onlyAtStart = processLifeDetector({ ...options, isAskedAgain: false });
    expect(
      opinions(onlyAtStart, [
        ["process", started],
        ["usage", usage],
        ["startup", pass],
        ["usage", usage],
      ]),
    ).toEqual(["-", "-", "good", "good"]);
    const without = processLifeDetector({ ...options, hasProbes: false, isAskedAgain: false });
    expect(
      opinions(without, [
        ["process", started],
        ["usage", usage],
      ]),
    ).toEqual(["-", "good"]);
  });

  it("misses a start that never gets ready", () => {
    const detector = processLifeDetector(options);
    const state = detector.initial();
    const at = (monotonicMs: number): Instant => ({ wallMs: 0, monotonicMs });
    const observation = { resource: "instance/a.1", sensor: "process", at: 0, begunMs: 0 } as const;
    detector.judge(state, { ...observation, reading: started }, at(0));
    expect(detector.silence?.dueMs(state)).toBe(5000);
    expect(detector.silence?.judge(state, at(4999))).toBeUndefined();
    expect(textOf(detector.silence?.judge(state, at(5000)))).toBe("start_timeout");
    detector.judge(state, { ...observation, reading: started }, at(6000));
    detector.judge(state, { ...observation, sensor: "startup", reading: pass }, at(6100));
    expect(detector.silence?.judge(state, at(20_000))).toBeUndefined();
  });
});

describe("stalled work", () => {
  const detector = stalledWorkDetector({ work: "jobs", stallAfterMs: 2000 });
  const work = (done: number, waiting: number) =>
    ["work.jobs", { kind: "work", counter: "jobs_total", done, waiting }] as const;

  it("judges nothing while nothing waits (W1)", () => {
    expect(opinions(detector, [work(5, 0), work(5, 0), work(5, 0), work(5, 0)])).toEqual(
      Array(4).fill("good"),
    );
  });

  it("sees a counter that stands while work waits", () => {
    expect(opinions(detector, [work(5, 1), work(6, 1), work(6, 1), work(6, 1)])).toEqual([
      "suspect",
      "good",
      "suspect",
      "stalled_work",
    ]);
  });

  it("takes any change of the counter for progress (W2)", () => {
    expect(opinions(detector, [work(5, 1), work(5, 1), work(0, 1), work(0, 1)])).toEqual([
      "suspect",
      "suspect",
      "good",
      "suspect",
    ]);
  });
});

describe("stopped", () => {
  const detector = stoppedDetector({ hasProbes: true, patience: 5 });
  const stoppedState = ["usage", fail("timeout")] as const;

  it("needs a look that timed out beside the state", () => {
    expect(opinions(detector, [stoppedState, stoppedState])).toEqual(["-", "-"]);
    expect(opinions(detector, [stoppedState, ["liveness", fail("timeout")]])).toEqual([
      "-",
      "hang",
    ]);
    expect(opinions(detector, [["liveness", fail("timeout")], stoppedState])).toEqual([
      "-",
      "hang",
    ]);
    expect(opinions(detector, [stoppedState, ["liveness", fail("status")]])).toEqual(["-", "-"]);
  });

  it("waits for several readings where there is nothing to ask", () => {
    const alone = stoppedDetector({ hasProbes: false, patience: 3 });
    expect(opinions(alone, [stoppedState, stoppedState, stoppedState])).toEqual(["-", "-", "hang"]);
  });
});

describe("the smaller ones", () => {
  it("names the holder of a port", () => {
    const held: Reading = { kind: "port-held", port: 80, holder: { pid: 9, command: "nginx" } };
    const detector = portConflictDetector();
    const at = { resource: "instance/a.1", sensor: "process", at: 0, begunMs: 0 } as const;
    const opinion = detector.judge(null, { ...at, reading: held }, { wallMs: 0, monotonicMs: 0 });
    expect(opinion).toMatchObject({ kind: "bad", reason: "port 80 is held by pid 9 (nginx)" });
    expect(opinions(detector, [["liveness", pass]])).toEqual(["good"]);
  });

  it("warns of certificates in time", () => {
    const days = (value: number): readonly [string, Reading] => [
      "tls",
      { kind: "samples", samples: [{ series: "certificate.days", value, unit: "count" }] },
    ];
    const detector = certificateDetector({ daysMin: 14 });
    expect(opinions(detector, [days(30), days(13), days(-1), ["tls", pass]])).toEqual([
      "good",
      "certificate_expiry",
      "certificate_expiry",
      "-",
    ]);
  });

  it("counts occurrences within the window", () => {
    const detector = occurrencesDetector({
      sensor: "log",
      type: "log_pattern",
      severity: "medium",
      countMax: 3,
      windowMs: 5000,
    });
    const lines = (count: number): readonly [string, Reading] => [
      "log",
      { kind: "occurrence", name: "ERROR", count, reason: "ERROR x" },
    ];
    expect(opinions(detector, [lines(0), lines(2), lines(1)])).toEqual([
      "good",
      "-",
      "log_pattern",
    ]);
    expect(opinions(detector, [lines(2), lines(0), lines(1)], 4000)).toEqual(["-", "-", "-"]);
  });

  it("loses no occurrence of a long window, however many looks found one", () => {
    const detector = occurrencesDetector({
      sensor: "log",
      type: "log_pattern",
      severity: "medium",
      countMax: 1000,
      windowMs: 3_600_000,
    });
    const line: Reading = { kind: "occurrence", name: "ERROR", count: 1, reason: "ERROR x" };
    const given = opinions(
      detector,
      Array.from({ length: 1000 }, () => ["log", line] as const),
    );
    expect(given.indexOf("log_pattern")).toBe(999);
  });

  it("sees flapping in many changes, not in many failures", () => {
    const detector = flappingDetector({ sensor: "liveness", changesMax: 4, windowMs: 60_000 });
    const looks = (pattern: string): string[] =>
      opinions(
        detector,
        Array.from(pattern).map((look) => ["liveness", look === "+" ? pass : fail("status")]),
      );
    expect(looks("+-+-+").at(-1)).toBe("flapping");
    expect(looks("+----").at(-1)).toBe("-");
  });
});

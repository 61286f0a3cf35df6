import { describe, expect, it } from "vitest";
import { type Fleet, formatProblem, loadFleet } from "../config/index.ts";
import { createIds, createRandom } from "../kernel/index.ts";
import { faultOf, type Reading } from "../model/index.ts";
import {
  adoptFleet,
  closeFailure,
  createJudgeState,
  healthOf,
  type Judged,
  judge,
  reopenFailure,
} from "./judge.ts";
import { reasonNow, reasonOfFault } from "./last-word.ts";

const text = `
services:
  a:
    command: node a.js
    health_check: http://127.0.0.1:1/health
    start: { timeout: 5s }
    work:
      - { name: mails, url: http://127.0.0.1:1/m, counter: mails, waiting: w, stall_after: 1s }
      - { name: calls, url: http://127.0.0.1:1/m, counter: calls, waiting: w, stall_after: 1s }
`;
const resource = "instance/a.1";
const identity = { pid: 7, startTicks: 1, bootId: "b" };
const pass: Reading = { kind: "check", ok: true, elapsedMs: 1, reason: "200" };
const silent: Reading = {
  kind: "check",
  ok: false,
  elapsedMs: 500,
  symptom: "timeout",
  reason: "no answer",
};
const started: Reading = { kind: "started", process: identity, specHash: "h", adopted: false };
const exited: Reading = {
  kind: "exited",
  process: identity,
  code: 1,
  signal: null,
  uptimeMs: 60_000,
  expected: false,
};

function fleetOf(more = ""): Fleet {
  const files = [{ path: "soulmirror.yaml", text: text + more }];
  const loaded = loadFleet({ files, baseDir: "/srv", hash: (each) => each });
  if (!loaded.ok) throw new Error(loaded.error.map(formatProblem).join("\n"));
  return loaded.value.fleet;
}

/** A judge who is shown one reading a second. */
class Bench {
  nowMs = 0;
  readonly state = createJudgeState(
    fleetOf(),
    createIds({ now: () => ({ wallMs: 0, monotonicMs: 0 }) }, createRandom(1)),
    () => [],
  );

  show(sensor: string, ...readings: Reading[]): Judged {
    const all: { raised: Judged["raised"][number][]; evidence: Judged["evidence"][number][] } = {
      raised: [],
      evidence: [],
    };
    for (const reading of readings) {
      this.nowMs += 1000;
      const at = { at: this.nowMs, begunMs: this.nowMs };
      const given = judge(this.state, [{ resource, sensor, reading, ...at }], this.#now());
      all.raised.push(...given.raised);
      all.evidence.push(...given.evidence);
    }
    return all;
  }

  wait(forMs: number): Judged {
    this.nowMs += forMs;
    return judge(this.state, [], this.#now());
  }

  #now() {
    return { wallMs: this.nowMs, monotonicMs: this.nowMs };
  }
}

describe("judge", () => {
  it("raises a failure once; that it is bad again is evidence (J1)", () => {
    const bench = new Bench();
    const { raised, evidence } = bench.show("liveness", silent, silent, silent, silent);
    expect(raised.map(({ type }) => type)).toEqual(["hang"]);
    expect(evidence.map(({ kind }) => kind)).toEqual(["bad", "bad"]);
    expect(evidence[0]?.failure.id).toBe(raised[0]?.id);
    expect(raised[0]?.evidence).toEqual(["liveness: no answer", "liveness: no answer"]);
  });

  it("lets nobody but its own detector say that a passed limit is over", () => {
    const bench = new Bench();
    adoptFleet(bench.state, fleetOf("detection: { thresholds: { response_time: 100ms } }"));
    const slow: Reading = { ...pass, elapsedMs: 200 };
    const [failure] = bench.show("liveness", slow, slow).raised;
    expect(failure).toMatchObject({ type: "slow", detector: "latency" });
    // For the check these are good answers.
    expect(bench.show("liveness", slow).evidence.map(({ kind }) => kind)).toEqual(["bad"]);
    expect(bench.show("liveness", pass).evidence.map(({ kind }) => kind)).toEqual(["good"]);
  });

  it("takes what is only a note for no news of what may be healed", () => {
    const bench = new Bench();
    const changes = Array.from({ length: 24 }, (_, index) => (index % 2 === 0 ? silent : pass));
    const { raised } = bench.show("liveness", ...changes);
    expect(raised.map(({ type }) => type)).toContain("flapping");
    const lastBad = bench.state.cases.get(resource)?.badMs;
    bench.show("liveness", pass);
    expect(bench.state.cases.get(resource)).toMatchObject({ badMs: lastBad, goodMs: bench.nowMs });
  });

  it("lets no other kind of work say that one is under way again", () => {
    const bench = new Bench();
    const stands: Reading = { kind: "work", counter: "mails", done: 1, waiting: 1 };
    expect(bench.show("work.mails", stands, stands).raised).toMatchObject([
      { type: "stalled_work" },
    ]);
    const rests: Reading = { kind: "work", counter: "calls", done: 1, waiting: 0 };
    expect(bench.show("work.calls", rests, rests).evidence).toEqual([]);
    expect(bench.show("work.mails", { ...stands, done: 2 }).evidence).toMatchObject([
      { kind: "good" },
    ]);
  });

  it("has a failure of its own for each kind of work that stands (J1)", () => {
    const bench = new Bench();
    const stands = (counter: string): Reading => ({ kind: "work", counter, done: 1, waiting: 2 });
    const [mails] = bench.show("work.mails", stands("mails"), stands("mails")).raised;
    const [calls] = bench.show("work.calls", stands("calls"), stands("calls")).raised;
    expect(mails).toMatchObject({ type: "stalled_work", part: "mails" });
    expect(calls).toMatchObject({ type: "stalled_work", part: "calls" });
    expect([mails?.reason, calls?.reason].map((reason) => reason?.split(" ")[0])).toEqual([
      "mails",
      "calls",
    ]);
    if (mails) closeFailure(bench.state, mails);
    expect([...(bench.state.cases.get(resource)?.open.values() ?? [])]).toEqual([calls]);
  });

  it("takes figures for no proof that it is well: who hangs uses little", () => {
    const bench = new Bench();
    bench.show("liveness", pass, silent);
    const samples = [{ series: "memory.rss", value: 1, unit: "bytes", limit: 100 }] as const;
    bench.show("usage", { kind: "samples", samples });
    expect(bench.state.cases.get(resource)?.goodMs).toBe(1000);
  });

  it("keeps a failure open while its detector sees good, until it is closed (J2)", () => {
    const bench = new Bench();
    const [failure] = bench.show("liveness", silent, silent).raised;
    const { raised, evidence } = bench.show("liveness", pass, pass, silent);
    expect(raised).toEqual([]);
    expect(evidence.map(({ kind }) => kind)).toEqual(["good", "good", "suspect"]);
    expect(healthOf(bench.state, resource)).toBe("unhealthy");
    if (failure) closeFailure(bench.state, failure);
    expect(bench.show("liveness", silent).raised).toHaveLength(1);
  });

  it("closes only the failure that is meant", () => {
    const bench = new Bench();
    const [failure] = bench.show("liveness", silent, silent).raised;
    if (failure) closeFailure(bench.state, { ...failure, id: "another" });
    expect(bench.show("liveness", silent).raised).toEqual([]);
  });

  it("raises only facts while something is done to the resource (J3)", () => {
    const bench = new Bench();
    bench.state.acting.add(resource);
    expect(bench.show("liveness", silent, silent, silent).raised).toEqual([]);
    expect(bench.show("process", exited).raised.map(({ type }) => type)).toEqual([
      "process_exited",
    ]);
    bench.state.acting.delete(resource);
    expect(bench.show("liveness", silent).raised.map(({ type }) => type)).toEqual(["hang"]);
  });

  it("forgets what the looks at the predecessor had accumulated (J4)", () => {
    const bench = new Bench();
    bench.show("liveness", silent);
    bench.show("process", started);
    expect(bench.show("liveness", silent).raised).toEqual([]);
    expect(bench.show("liveness", silent).raised).toHaveLength(1);
  });

  it("keeps the crashes over a restart of the process (J4)", () => {
    const bench = new Bench();
    const crash: Reading = { ...exited, uptimeMs: 100 };
    const types = [1, 2, 3].flatMap(() => {
      bench.show("process", started);
      const { raised } = bench.show("process", crash);
      for (const failure of raised) closeFailure(bench.state, failure);
      return raised.map(({ type }) => type);
    });
    expect(types).toEqual(["process_exited", "process_exited", "crash_loop"]);
  });

  it("judges silence: a process that never gets ready", () => {
    const bench = new Bench();
    bench.show("process", started);
    expect(bench.state.silence.nextDueMs()).toBe(6000);
    expect(bench.wait(4999).raised).toEqual([]);
    expect(bench.wait(1).raised).toMatchObject([
      { type: "start_timeout", detector: "process-life" },
    ]);
    expect(bench.wait(60_000).raised).toEqual([]);
  });

  it("knows the health of what it has seen", () => {
    const bench = new Bench();
    expect(healthOf(bench.state, resource)).toBe("unknown");
    expect(healthOf(bench.state, "http/unknown")).toBe("unknown");
    bench.show("liveness", pass);
    expect(healthOf(bench.state, resource)).toBe("healthy");
    bench.show("liveness", silent, silent);
    expect(healthOf(bench.state, resource)).toBe("unhealthy");
  });

  it.each([
    ["unreachable", "low", "unhealthy"],
    ["missing", "medium", "unhealthy"],
    ["memory_exhaustion", "high", "degraded"],
    ["stale", "critical", "degraded"],
    ["deviation", "low", "healthy"],
  ] as const)(
    "tells what it is by %s, however much that matters (%s)",
    (type, severity, health) => {
      const bench = new Bench();
      bench.show("liveness", pass);
      const told = { detector: "d", sensor: "s", reason: "r", evidence: [] };
      reopenFailure(bench.state, { id: "f", at: 0, resource, type, severity, ...told });
      expect(healthOf(bench.state, resource)).toBe(health);
    },
  );

  it("says what is wrong now, and not what it was when it began", () => {
    const bench = new Bench();
    const reason = () => reasonNow(bench.state, resource);
    expect(reason()).toBeUndefined();
    const [failure] = bench.show("liveness", silent, silent).raised;
    expect(reason()).toBe("2 of the last 2 looks failed: no answer");
    bench.show("liveness", silent);
    expect(reason()).toBe("3 of the last 3 looks failed: no answer");
    bench.show("liveness", pass);
    expect(reason()).toBe(
      "the last look was good; before: 3 of the last 3 looks failed: no answer",
    );
    expect(failure?.reason).toBe("2 of the last 2 looks failed: no answer");
    bench.show("process", exited);
    expect(reason()).toContain("the process exited with code 1");
    // What is worse is told first; each alone is told as it is now as well.
    const alone = failure && reasonOfFault(bench.state, resource, faultOf(failure));
    expect(alone).toContain("the last look was good; before: 3 of the last 3 looks failed");
  });

  it("says of a failure that is back what it is this time", () => {
    const bench = new Bench();
    const [failure] = bench.show("liveness", silent, silent, pass).raised;
    if (failure) closeFailure(bench.state, failure);
    bench.show("liveness", silent);
    expect(reasonNow(bench.state, resource)).toBe("2 of the last 3 looks failed: no answer");
  });

  it("does not judge what the fleet does not know", () => {
    const bench = new Bench();
    const at = { at: 0, begunMs: 0 };
    const stranger = {
      resource: "instance/x.1" as const,
      sensor: "process",
      reading: exited,
      ...at,
    };
    const given = judge(bench.state, [stranger], { wallMs: 0, monotonicMs: 0 });
    expect(given).toEqual({ raised: [], evidence: [] });
  });

  it("keeps open failures and crashes over a new fleet file", () => {
    const bench = new Bench();
    const crash: Reading = { ...exited, uptimeMs: 100 };
    for (const failure of bench.show("process", started, crash, started, crash).raised) {
      closeFailure(bench.state, failure);
    }
    const [hang] = bench.show("liveness", silent, silent).raised;
    bench.show("liveness", silent);
    adoptFleet(bench.state, fleetOf("detection: { watch: 9s }"));
    expect(bench.state.cases.get(resource)?.open.get("hang")?.id).toBe(hang?.id);
    bench.show("process", started);
    expect(bench.show("process", crash).raised).toMatchObject([{ type: "crash_loop" }]);
  });

  it("drops the cases of what a new fleet file no longer has", () => {
    const bench = new Bench();
    bench.show("liveness", silent, silent);
    adoptFleet(bench.state, { ...fleetOf(), services: {} });
    expect(bench.state.cases.size).toBe(0);
  });

  it("takes up a failure that was open before this daemon", () => {
    const before = new Bench();
    const [failure] = before.show("liveness", silent, silent).raised;
    const after = new Bench();
    if (failure) reopenFailure(after.state, failure);
    const { raised, evidence } = after.show("liveness", silent, silent);
    expect(raised).toEqual([]);
    expect(evidence.at(-1)).toMatchObject({ kind: "bad", failure: { id: failure?.id } });
  });
});

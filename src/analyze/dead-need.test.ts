/** A dependency that is down: what is said of those that need it, and when it is over. */
import { describe, expect, it } from "vitest";
import { formatProblem, loadFleet } from "../config/index.ts";
import { createIds, createRandom } from "../kernel/index.ts";
import type { Reading, ResourceId } from "../model/index.ts";
import { closeFailure, createJudgeState, type Judged, judge } from "./judge.ts";

const text = `
defaults: { probes: { down: 1, of: 1 } }
services:
  migrate: { command: node migrate.js, restart: never, depends_on: [tcp/disk] }
  db: { command: node db.js, listen: 4200, instances: 2, liveness: { tcp: 1 } }
  web: { command: node web.js, depends_on: [db, migrate], liveness: { tcp: 2 }, readiness: { tcp: 3 } }
  shop: { command: node shop.js, depends_on: [web, tcp/cache], liveness: { tcp: 4 } }
resources:
  tcp/cache: { port: 5, down: 1, of: 1 }
  tcp/disk: { port: 6, down: 1, of: 1 }
`;
const well: Reading = { kind: "check", ok: true, elapsedMs: 1, reason: "200" };
const ill: Reading = { kind: "check", ok: false, elapsedMs: 1, symptom: "status", reason: "500" };
const hung: Reading = { ...ill, symptom: "timeout", reason: "no answer" };

class Bench {
  nowMs = 0;
  readonly state;

  constructor() {
    const files = [{ path: "soulmirror.yaml", text }];
    const loaded = loadFleet({ files, baseDir: "/srv", hash: (each) => each });
    if (!loaded.ok) throw new Error(loaded.error.map(formatProblem).join("\n"));
    const clock = { now: () => ({ wallMs: 0, monotonicMs: 0 }) };
    const ids = createIds(clock, createRandom(1));
    this.state = createJudgeState(loaded.value.fleet, ids, () => []);
  }

  show(resource: ResourceId, reading: Reading, sensor = "liveness"): Judged {
    this.nowMs += 1000;
    const at = { at: this.nowMs, begunMs: this.nowMs };
    const now = { wallMs: this.nowMs, monotonicMs: this.nowMs };
    return judge(this.state, [{ resource, sensor, reading, ...at }], now);
  }

  /** Types that are raised. */
  raised(resource: ResourceId, reading: Reading, sensor?: string): string[] {
    return this.show(resource, reading, sensor).raised.map(({ type }) => type);
  }

  evidence(resource: ResourceId, reading: Reading): string[] {
    const { evidence } = this.show(resource, reading);
    return evidence.map(({ kind, failure }) => `${kind} for ${failure.type}`).toSorted();
  }
}

const process = { pid: 7, startTicks: 1, bootId: "b" };
const gone: Reading = {
  kind: "exited",
  process,
  code: 1,
  signal: null,
  uptimeMs: 60_000,
  expected: false,
};

const [migrate, db1, db2, web, shop] = [
  "instance/migrate.1",
  "instance/db.1",
  "instance/db.2",
  "instance/web.1",
  "instance/shop.1",
] as const;

describe("dependency_down", () => {
  it("is what fails when nobody is left of a service that it needs", () => {
    const bench = new Bench();
    bench.show(db1, ill);
    expect(bench.raised(web, ill)).toEqual(["check_failed"]);
    const other = new Bench();
    other.show(db1, ill);
    other.show(db2, hung);
    const [failure] = other.show(web, hung).raised;
    expect(failure).toMatchObject({ type: "dependency_down", severity: "high" });
    expect(failure?.reason).toBe(
      "1 of the last 1 looks failed: no answer; it needs instance/db.1: 1 of the last 1 looks failed: 500",
    );
  });

  it("names the cause, not another victim, along the whole chain", () => {
    const bench = new Bench();
    bench.show(db1, ill);
    bench.show(db2, ill);
    bench.show(web, ill);
    const [failure] = bench.show(shop, ill).raised;
    expect(failure?.reason).toContain("it needs instance/db.1: ");
  });

  it("is of watched resources as well as of services", () => {
    const bench = new Bench();
    bench.show("tcp/cache", { ...ill, symptom: "refused" }, "tcp");
    expect(bench.raised(shop, ill)).toEqual(["dependency_down"]);
    expect(bench.raised(web, ill)).toEqual(["check_failed"]);
  });

  it("excuses no fact", () => {
    const bench = new Bench();
    bench.show(db1, ill);
    bench.show(db2, ill);
    expect(bench.raised(web, gone, "process")).toEqual(["process_exited"]);
  });

  it("is not said for a job that has failed: it would answer nobody if it had not", () => {
    const bench = new Bench();
    expect(bench.raised(migrate, gone, "process")).toEqual(["process_exited"]);
    expect(bench.raised(web, hung)).toEqual(["hang"]);
    // What the job needs is another matter: whoever waits for its end relies on that, too.
    const other = new Bench();
    other.show("tcp/disk", { ...ill, symptom: "refused" }, "tcp");
    expect(other.raised(web, hung)).toEqual(["dependency_down"]);
  });

  it("is said beside what was found before the dependency went down", () => {
    const bench = new Bench();
    expect(bench.raised(web, ill)).toEqual(["check_failed"]);
    bench.show(db1, ill);
    bench.show(db2, ill);
    expect(bench.raised(web, ill)).toEqual(["dependency_down"]);
    expect(bench.evidence(web, ill)).toEqual(["bad for check_failed", "bad for dependency_down"]);
  });

  it("is over when all is well, or when it fails with all that it needs well", () => {
    const bench = new Bench();
    const causes = [bench.show(db1, ill).raised[0], bench.show(db2, ill).raised[0]];
    bench.show(web, ill);
    expect(bench.evidence(web, ill)).toEqual(["bad for dependency_down"]);
    expect(bench.evidence(web, well)).toEqual(["good for dependency_down"]);
    for (const cause of causes) if (cause) closeFailure(bench.state, cause);
    const { raised, evidence } = bench.show(web, ill);
    expect(raised).toMatchObject([{ type: "check_failed" }]);
    expect(evidence).toMatchObject([{ kind: "good", failure: { type: "dependency_down" } }]);
  });

  it("is why something is not ready, too", () => {
    const bench = new Bench();
    expect(bench.raised(web, ill, "readiness")).toEqual(["not_ready"]);
    const other = new Bench();
    other.show(db1, ill);
    other.show(db2, ill);
    expect(other.raised(web, ill, "readiness")).toEqual(["dependency_down"]);
  });
});

describe("readiness", () => {
  it("is judged by itself: what lives may be unready, and what is unready may live", () => {
    const bench = new Bench();
    const [failure] = bench.show(web, hung, "readiness").raised;
    expect(failure).toMatchObject({ type: "not_ready", severity: "medium", sensor: "readiness" });
    // That it lives is no evidence that it is ready.
    expect(bench.evidence(web, well)).toEqual([]);
    const { evidence } = bench.show(web, well, "readiness");
    expect(evidence).toMatchObject([{ kind: "good", failure: { type: "not_ready" } }]);
  });
});

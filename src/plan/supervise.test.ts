import { describe, expect, it } from "vitest";
import { createTopology } from "../config/index.ts";
import type { ResourceId } from "../model/index.ts";
import { chain, db, fleetOf, PlannerBench, running, web, web2 } from "./planner-bench.ts";

describe("supervision", () => {
  it("starts what its service needs first, and the rest when that is ready (U1)", () => {
    const planner = new PlannerBench();
    planner.tell();
    expect(planner.told).toEqual([`start ${db}`]);
    planner.started(db);
    planner.end(planner.plans[0], "succeeded");
    planner.wait(1000);
    expect(planner.told).toEqual([`start ${db}`]);
    const waitsFor = () => planner.state.slots.get(web2)?.waiting?.needs;
    expect(waitsFor()).toEqual(["service/db"]);
    planner.ready(db);
    planner.wait(200);
    expect(planner.told).toEqual([`start ${db}`, `start ${web}`, `start ${web2}`]);
    expect(waitsFor()).toBeUndefined();
  });

  it("brings a renewal to its end that a dead daemon has left half done (U7)", () => {
    const planner = running();
    planner.started(web, undefined, true);
    planner.wait(1000);
    expect(planner.told).toEqual([`finish_renewal ${web}`]);
    const steps = planner.plans[0]?.steps.map(({ kind, parameters }) => [
      kind,
      parameters["which"],
    ]);
    expect(steps).toEqual([
      ["ready", undefined],
      ["drain", "previous"],
      ["stop", "previous"],
    ]);
    planner.end(planner.plans[0], "failed");
    planner.wait(5000);
    expect(planner.told).toHaveLength(2);
    const older = { pid: 2, startTicks: 2, bootId: "b" };
    const how = { code: null, signal: null, uptimeMs: 60_000, expected: true };
    planner.observe(web, { kind: "exited", process: older, ...how });
    planner.end(planner.plans[1], "succeeded");
    planner.wait(5000);
    expect(planner.told).toHaveLength(2);
  });

  it("renews the instances of a service one at a time, and waits until each is ready (U2)", () => {
    const planner = running();
    const next = fleetOf(chain.replace("node web.js", "node web2.js"));
    planner.tell({ fleet: { fleet: next, topology: createTopology(next) } });
    planner.wait(1000);
    expect(planner.told).toEqual([`apply_config ${web}`]);
    expect(planner.plans[0]?.steps.map(({ kind }) => kind)).toEqual([
      "start",
      "ready",
      "drain",
      "stop",
    ]);
    planner.started(web);
    planner.end(planner.plans[0], "succeeded");
    planner.wait(1000);
    expect(planner.told).toHaveLength(1);
    planner.ready(web);
    planner.wait(1000);
    expect(planner.told).toEqual([`apply_config ${web}`, `apply_config ${web2}`]);
  });

  it("does not try a configuration again that could not be applied", () => {
    const planner = running();
    const next = fleetOf(chain.replace("node db.js", "node db2.js"));
    planner.tell({ fleet: { fleet: next, topology: createTopology(next) } });
    planner.end(planner.plans[0], "failed");
    planner.wait(5000);
    expect(planner.told).toEqual([`apply_config ${db}`]);
    const third = fleetOf(chain.replace("node db.js", "node db3.js"));
    planner.tell({ fleet: { fleet: third, topology: createTopology(third) } });
    planner.wait(1000);
    expect(planner.told).toEqual([`apply_config ${db}`, `apply_config ${db}`]);
  });

  it("goes down in the reverse order of the needs (U3)", () => {
    const planner = running();
    planner.ask({ kind: "down", by: "ana" });
    planner.wait(1000);
    expect(planner.told).toEqual([`stop ${web}`, `stop ${web2}`]);
    for (const [index, resource] of [web, web2].entries()) {
      planner.exited(resource as ResourceId, { expected: true });
      planner.end(planner.plans[index], "succeeded");
    }
    planner.wait(1000);
    expect(planner.told.at(-1)).toBe(`stop ${db}`);
  });

  it("stops and starts one service alone when a person asks", () => {
    const planner = running();
    planner.ask({ kind: "stop", resource: "service/db", by: "ana" });
    expect(planner.told).toEqual([`stop ${db}`]);
    planner.exited(db, { expected: true });
    planner.end(planner.plans[0], "succeeded");
    planner.wait(1000);
    expect(planner.told).toEqual([`stop ${db}`]);
    planner.ask({ kind: "start", resource: db, by: "ana" });
    expect(planner.told.at(-1)).toBe(`start ${db}`);
  });

  it("restarts at a person's request, in whose name it is written down", () => {
    const planner = running();
    const given = planner.ask({ kind: "restart", resource: web, by: "ana" });
    expect(planner.plans).toMatchObject([
      { strategy: "restart", resource: web, cause: { kind: "person", by: "ana" } },
    ]);
    expect(given.entries[0]).toMatchObject({ kind: "request", by: "ana", what: "restart" });
  });

  it("lets rest what its policy lets rest, until somebody starts it", () => {
    const text = "services: { db: { command: node db.js, restart: never } }";
    const planner = running(text, db);
    planner.exited(db);
    planner.wait(5000);
    expect(planner.told).toEqual([]);
    planner.ask({ kind: "start", resource: db, by: "ana" });
    expect(planner.told).toEqual([`start ${db}`]);
  });

  it.each([
    { what: "when a job that it needs has ended", ends: true, afterMs: 8000 },
    { what: "when what looks like a job goes on for longer than a start takes", afterMs: 10_000 },
  ])("starts $what (U1)", ({ ends, afterMs }) => {
    const job = "instance/job.1";
    const planner = new PlannerBench(`services:
  job: { command: node job.js, restart: on-failure, start: { timeout: 10s } }
  db: { command: node db.js, depends_on: [job] }`);
    planner.up(job);
    planner.wait(afterMs - 1000);
    expect(planner.told).toEqual([`start ${job}`]);
    planner.wait(1000);
    if (ends) planner.exited(job, { uptimeMs: 8000, code: 0 });
    planner.wait(200);
    expect(planner.told).toEqual([`start ${job}`, `start ${db}`]);
  });

  describe("of what needs a resource", () => {
    const site = "http/site";
    const text = (mode = "full"): string => `services:
  db: { command: node db.js, start: { timeout: 20s }, depends_on: [http/site] }
resources: { http/site: { url: "http://127.0.0.1:1/", mode: ${mode} } }`;
    const waits = ({ state }: PlannerBench) => state.slots.get(db)?.waiting?.needs;

    it.each(["check_failed", "missing", "certificate_invalid"] as const)(
      "waits until that is known and not away by %s, and says so (U1)",
      (type) => {
        const planner = new PlannerBench(text());
        planner.wait(5000);
        expect([planner.told, waits(planner)]).toEqual([[], [site]]);
        const failure = planner.fail(site, type);
        planner.healths.set(site, "degraded");
        planner.wait(5000);
        expect([planner.told, waits(planner)]).toEqual([[], [site]]);
        planner.verdict(failure, undefined, true);
        planner.wait(200);
        expect([planner.told, waits(planner)]).toEqual([[`start ${db}`], undefined]);
      },
    );

    it("waits no longer than its start may take, each time anew, however old the daemon is (U1)", () => {
      const planner = new PlannerBench(text());
      planner.fail(site, "unreachable");
      planner.healths.set(site, "degraded");
      planner.wait(19_900);
      expect(planner.told).toEqual([]);
      planner.wait(200);
      expect(planner.told).toEqual([`start ${db}`]);
      planner.started(db);
      planner.end(planner.plans[0], "succeeded");
      planner.ask({ kind: "stop", resource: db, by: "ana" });
      planner.exited(db, { expected: true });
      planner.end(planner.plans[1], "succeeded");
      planner.wait(60_000);
      planner.ask({ kind: "start", resource: db, by: "ana" });
      planner.wait(10_000);
      planner.ask({ kind: "stop", resource: db, by: "ana" });
      planner.wait(10_000);
      planner.ask({ kind: "start", resource: db, by: "ana" });
      planner.wait(19_900);
      expect(planner.told).toHaveLength(2);
      planner.wait(200);
      expect(planner.told.at(2)).toBe(`start ${db}`);
    });

    it.each([
      { what: "is slow", mode: "full", type: "slow" },
      { what: "flaps", mode: "full", type: "flapping" },
      { what: "is old", mode: "full", type: "stale" },
      { what: "logs what it should not", mode: "full", type: "log_pattern" },
      { what: "nobody looks at", mode: "off", type: undefined },
    ] as const)("does not wait for what $what (U1)", ({ mode, type }) => {
      const planner = new PlannerBench(text(mode));
      if (type) planner.healths.set(site, "degraded");
      if (type) planner.fail(site, type);
      planner.wait(200);
      expect(planner.told).toEqual([`start ${db}`]);
    });
  });

  it("ends what a job has left behind when it is to be stopped, once (U8)", () => {
    const job = "instance/job.1";
    const planner = new PlannerBench("services: { job: { command: node job.js, restart: never } }");
    planner.up(job);
    planner.exited(job, { uptimeMs: 5000, code: 0 });
    planner.wait(1000);
    expect(planner.told).toEqual([`start ${job}`]);
    planner.ask({ kind: "down", by: "ana" });
    expect(planner.told).toEqual([`start ${job}`, `stop ${job}`]);
    expect(planner.plans[1]?.steps.map(({ kind }) => kind)).toEqual(["stop"]);
    planner.end(planner.plans[1], "succeeded");
    planner.wait(1000);
    expect(planner.told).toHaveLength(2);
  });

  it("does not wait for a job that has ended as its policy allows (U1)", () => {
    const job = "instance/job.1";
    const planner = new PlannerBench(`services:
  job: { command: node job.js, restart: never }
  db: { command: node db.js, depends_on: [job] }`);
    planner.up(job);
    planner.exited(job, { uptimeMs: 60_000 });
    planner.up(db);
    planner.ask({ kind: "stop", resource: db, by: "ana" });
    planner.exited(db, { expected: true });
    planner.end(planner.plans.at(-1), "succeeded");
    planner.ask({ kind: "start", resource: db, by: "ana" });
    planner.wait(1000);
    expect(planner.told.at(-1)).toBe(`start ${db}`);
  });

  it("remembers what every instance should be", () => {
    const planner = running();
    const given = planner.ask({ kind: "stop", resource: db, by: "ana" });
    expect(given.entries).toContainEqual({
      kind: "supervision",
      anew: true,
      slot: {
        resource: db,
        desired: "stopped",
        quarantined: false,
        crashes: 0,
        specHash: planner.hashOf(db),
      },
    });
  });
});

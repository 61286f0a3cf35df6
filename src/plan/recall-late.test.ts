import { describe, expect, it } from "vitest";
import type { Mode } from "../kernel/index.ts";
import type { SlotRecord } from "../model/index.ts";
import { db, PlannerBench, running, web, web2 } from "./planner-bench.ts";

function recordOf(planner: PlannerBench, resource: SlotRecord["resource"]): SlotRecord {
  const specHash = planner.hashOf(resource);
  return { resource, desired: "running", quarantined: false, crashes: 0, specHash };
}

function hear(
  planner: PlannerBench,
  records: readonly SlotRecord[],
  modes: readonly (readonly [string, Mode])[] = [],
) {
  const slots = new Map(records.map((each) => [each.resource, each]));
  return planner.tell({ past: { slots, modes: new Map(modes) } });
}

describe("a past that is heard of late", () => {
  it("stops again what a person had stopped, and has that on record (R3)", () => {
    const planner = running();
    const stopped = { ...recordOf(planner, web2), desired: "stopped" } as const;
    const { entries } = hear(planner, [recordOf(planner, web), stopped]);
    expect(planner.told).toEqual([`stop ${web2}`]);
    const slots = entries.flatMap((entry) => (entry.kind === "supervision" ? [entry.slot] : []));
    expect(slots).toMatchObject([
      { resource: web, desired: "running" },
      { resource: web2, desired: "stopped" },
    ]);
  });

  it("says nothing against what a person has asked for meanwhile (R1)", () => {
    const planner = running();
    planner.ask({ kind: "stop", resource: web, by: "ana" });
    planner.ask({ kind: "start", resource: web2, by: "ana" });
    planner.ask({ kind: "mode", scope: "web", mode: "monitor", by: "ana" });
    planner.plans.length = 0;
    const stopped = { ...recordOf(planner, web2), desired: "stopped" } as const;
    hear(
      planner,
      [recordOf(planner, web), stopped],
      [
        ["web", "off"],
        ["db", "shadow"],
      ],
    );
    planner.wait(1000);
    expect(planner.told).toEqual([]);
    expect(planner.state.slots.get(web)?.desired).toBe("stopped");
    expect([...planner.state.modes]).toEqual([
      ["web", "monitor"],
      ["db", "shadow"],
    ]);
  });

  it("brings back what was pinned before", () => {
    const planner = running();
    const declaredHash = planner.hashOf(db);
    hear(planner, [{ ...recordOf(planner, db), specHash: "older", declaredHash }]);
    planner.wait(200);
    expect(planner.told).toEqual([`apply_config ${db}`]);
  });

  it("keeps in quarantine what was there, and counts on for what runs (R2)", () => {
    const planner = new PlannerBench();
    planner.tell();
    planner.started(db);
    const bad = { quarantined: true, crashes: 5 } as const;
    hear(planner, [
      { ...recordOf(planner, db), ...bad },
      { ...recordOf(planner, web), ...bad },
    ]);
    planner.end(planner.plans[0], "succeeded");
    planner.ready(db);
    planner.wait(1000);
    expect(planner.told).toEqual([`start ${db}`, `start ${web2}`]);
    const { slots } = planner.state;
    expect(slots.get(db)).toMatchObject({ quarantine: undefined, crashes: 5, desired: "running" });
    expect(slots.get(web)?.quarantine?.reason).toBe("since before this daemon began");
  });
});

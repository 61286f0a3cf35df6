/** What a plan gathers of a process before it changes it, whatever the strategy is. */
import { describe, expect, it } from "vitest";
import { stepsWithEvidence } from "./evidence.ts";
import { db, PlannerBench, running, web } from "./planner-bench.ts";
import type { RecoveryCase } from "./state.ts";
import { restart } from "./strategies/restart.ts";
import { simpleStep } from "./strategies/steps.ts";
import type { Context, Strategy } from "./strategy.ts";

const hooked = `
services:
  db: { command: node db.js, liveness: http://127.0.0.1:1/live, KEYS }
`;

function planner(keys: string): PlannerBench {
  return running(hooked.replace("KEYS", keys), db);
}

function kindsOf(bench: PlannerBench, index: number): readonly string[] {
  return bench.plans[index]?.steps.map(({ kind }) => kind) ?? [];
}

describe("of a process that lives", () => {
  it("is looked at before the first action of a case, and before it is ended (G1)", () => {
    const bench = planner("reconnect: { command: reconnect.sh }");
    bench.fail(db, "check_failed");
    bench.wait(100);
    expect(kindsOf(bench, 0)).toEqual(["diagnose", "command"]);
    bench.end(bench.plans[0], "failed");
    bench.wait(10_000);
    expect(bench.told[1]).toBe(`restart ${db}`);
    expect(kindsOf(bench, 1)).toEqual(["eject", "diagnose", "stop", "start"]);
  });

  it("is looked at once where nothing is ended (G1)", () => {
    const bench = planner(
      "reconnect: { command: reconnect.sh }, alternative: { command: switch.sh, undo: back.sh }",
    );
    bench.fail(db, "check_failed");
    bench.wait(100);
    bench.end(bench.plans[0], "failed");
    bench.wait(10_000);
    expect(bench.told[1]).toBe(`switch_alternative ${db}`);
    expect(kindsOf(bench, 1)).toEqual(["command"]);
  });

  it("is looked at when it is only suspected, too (G1)", () => {
    const bench = running();
    bench.healths.set(db, "degraded");
    bench.goods.set(db, bench.nowMs + 10);
    bench.fail(web, "dependency_down");
    bench.wait(200);
    expect(bench.told).toEqual([`restart_cause ${web}`]);
    const [plan] = bench.plans;
    expect(plan?.steps.map(({ kind, resource }) => `${kind} ${resource}`)).toEqual([
      `diagnose ${db}`,
      `diagnose ${web}`,
      `stop ${db}`,
      `start ${db}`,
    ]);
    expect(plan?.steps.map(({ optional = false }) => optional)).toEqual([true, true, false, false]);
  });
});

describe("whatever a strategy does", () => {
  it("each of its steps is done once, in its order; only leading ejections come sooner (G1)", () => {
    const { state, nowMs } = running(hooked.replace("KEYS", ""), db);
    const fleet = state.fleet;
    const service = fleet.services["db"];
    const slot = state.slots.get(db);
    const failure = { id: "f", at: nowMs, resource: db, type: "check_failed", severity: "high" };
    const context = { fleet, service, slot, resource: db, failure } as unknown as Context;
    const kindsWith = (...kinds: readonly string[]): readonly string[] => {
      const steps = () => kinds.map((kind) => ({ ...simpleStep("eject", db), kind }));
      const strategy: Strategy = { ...restart, steps };
      const begun = { attempts: [] } as unknown as RecoveryCase;
      return stepsWithEvidence(state, begun, { strategy, context }).map(({ kind }) => kind);
    };
    expect(kindsWith("eject", "eject", "stop", "start")).toEqual(
      "eject eject diagnose stop start".split(" "),
    );
    expect(kindsWith("drain", "eject", "stop")).toEqual(["diagnose", "drain", "eject", "stop"]);
    expect(kindsWith("eject", "stop", "eject")).toEqual(["eject", "diagnose", "stop", "eject"]);
    expect(kindsWith("eject")).toEqual(["eject", "diagnose"]);
  });
});

describe("of a process that is dead", () => {
  it("has its text copied when it runs again, and of what never ran there is none (G2)", () => {
    const bench = planner("listen: 4101");
    bench.fail(db, "process_exited");
    bench.exited(db, { uptimeMs: 600_000 });
    expect(kindsOf(bench, 0)).toEqual(["start", "collect"]);

    const held = new PlannerBench(hooked.replace("KEYS", "env: { PORT: 4101 }"));
    held.fail(db, "port_conflict");
    expect(held.told).toEqual([`wait_for_port ${db}`]);
    expect(kindsOf(held, 0)).toEqual(["start"]);
  });
});

/** What was healed and comes back, and what was added and stays: over a restart as well. */
import { describe, expect, it } from "vitest";
import { createTopology } from "../config/index.ts";
import { scoreOf, type Tried } from "../model/index.ts";
import { chain, db, fleetOf, noMemory, PlannerBench, running, web } from "./planner-bench.ts";
import { restorePlanning } from "./restore-planning.ts";
import type { PlanMemory } from "./state.ts";

const key = { signature: `${db}:check_failed`, strategy: "restart" };

/** The database was restarted for a failed check, and is well again. */
function healed(): PlannerBench {
  const planner = running();
  const failure = planner.fail(db, "check_failed");
  planner.wait(100);
  planner.end(planner.plans[0], "succeeded");
  planner.verdict(failure, planner.plans[0], true);
  return planner;
}

function relapsesIn(planner: PlannerBench) {
  return planner.out.flatMap(({ entries }) =>
    entries.flatMap((entry) => (entry.kind === "relapse" ? [entry.relapse] : [])),
  );
}

describe("a relapse", () => {
  it("speaks against what seemed to help", () => {
    const planner = healed();
    expect(planner.told).toEqual([`restart ${db}`]);
    const { score } = scoreOf(planner.state.book, key, planner.nowMs);
    planner.wait(40_000);
    const again = planner.fail(db, "check_failed", { relapses: 1 });
    expect(relapsesIn(planner)).toMatchObject([
      {
        failure: again.id,
        action: `act:${planner.plans[0]?.id}`,
        strategy: "restart",
        wellForMs: 40_000,
      },
    ]);
    expect(scoreOf(planner.state.book, key, planner.nowMs).score).toBeLessThan(score);
  });

  it("is none of another incident, nor of what got well by itself", () => {
    const other = healed();
    other.wait(40_000);
    other.fail(db, "check_failed", { id: "inc-other" });
    expect(relapsesIn(other)).toEqual([]);
    const planner = running();
    planner.verdict(planner.fail(db, "check_failed"), undefined, true);
    planner.wait(1000);
    planner.fail(db, "check_failed", { relapses: 1 });
    expect(relapsesIn(planner)).toEqual([]);
  });

  it("is known to the next daemon, and what was tried is not tried first", () => {
    const tried: Tried = {
      incident: `inc-${db}`,
      attempts: [{ strategy: "restart", action: "plan", helped: true }],
      closedAt: 58_000,
      healedBy: { action: "act:before", strategy: "restart" },
    };
    const after = new PlannerBench();
    const now = { wallMs: 60_000, monotonicMs: 0 };
    restorePlanning(after.state, { memory: { ...noMemory, tried: new Map([[db, tried]]) }, now });
    after.fail(db, "check_failed", { relapses: 1 });
    expect(relapsesIn(after)).toMatchObject([{ action: "act:before", wellForMs: 2000 }]);
    const [first] = after.state.cases.get(db)?.attempts ?? [];
    expect(first).toMatchObject({ action: "plan", helped: false });
  });
});

describe("instances that were added", () => {
  const text = chain.replace("instances: 2,", "instances: 2, scale: { max: 4 },");
  const web3 = "instance/web.3";

  function scaled(): PlannerBench {
    const planner = running(text);
    planner.goods.set(db, planner.nowMs + 10);
    planner.fail(web, "slow");
    planner.wait(200);
    planner.started(web3, planner.hashOf(web));
    planner.ready(web3);
    planner.end(planner.plans[0], "succeeded");
    return planner;
  }

  function scaledIn(planner: PlannerBench) {
    return planner.out.flatMap(({ entries }) =>
      entries.flatMap((entry) => (entry.kind === "scaled" ? [entry.scaled] : [])),
    );
  }

  function next(memory: Partial<PlanMemory>, file = text): PlannerBench {
    const after = new PlannerBench(file);
    const now = { wallMs: 0, monotonicMs: 0 };
    restorePlanning(after.state, { memory: { ...noMemory, ...memory }, now });
    return after;
  }

  it("are wanted by the next daemon, each counted once", () => {
    const before = scaled();
    const [kept] = scaledIn(before);
    expect(kept).toMatchObject({ service: "web", instances: 2, scaleMax: 4 });
    const after = next({ scaled: new Map([["web", kept ?? never()]]) });
    expect(after.state.slots.get(web3)).toMatchObject({ desired: "running", surplus: false });
    // Its verdict is yet to come: it is told of once more.
    after.end(before.plans[0], "succeeded");
    expect(after.state.slots.has("instance/web.4")).toBe(false);
    after.end(before.plans[0], "rolled_back");
    expect(after.state.slots.get(web3)?.desired ?? "stopped").toBe("stopped");
    expect(scaledIn(after)).toMatchObject([{ actions: [] }]);
  });

  it("are not wanted any more when the fleet file says another number, then or meanwhile", () => {
    const fewer = text.replace("instances: 2", "instances: 1");
    const before = scaled();
    const [kept] = scaledIn(before);
    const after = next({ scaled: new Map([["web", kept ?? never()]]) }, fewer);
    expect([...after.state.slots.keys()].filter((id) => id.includes("web"))).toEqual([web]);
    // And when it says the first number again, nobody has asked for more than that.
    const again = fleetOf(text);
    after.tell({ fleet: { fleet: again, topology: createTopology(again) } });
    expect(scaledIn(after).at(-1)).toMatchObject({ instances: 2, actions: [] });
    const fleet = fleetOf(fewer);
    before.tell({ fleet: { fleet, topology: createTopology(fleet) } });
    expect(before.state.slots.get(web3)?.desired).toBe("stopped");
    expect(scaledIn(before).at(-1)).toMatchObject({ actions: [] });
  });
});

function never(): never {
  throw new Error("nothing was written down");
}

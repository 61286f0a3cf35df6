/** What the report and the verdict say of a past that is known exactly. */
import { describe, expect, test } from "vitest";
import { judgeFleet } from "../../src/api/figures/verdict-sentence.ts";
import type { Action, Entry, Failure, Incident } from "../../src/model/index.ts";
import { ApiBench } from "./api-bench.ts";
import { ApiHouse } from "./api-house.ts";

const minuteMs = 60_000;

const failure: Failure = {
  id: "fail_1",
  at: 0,
  resource: "instance/service-0.1",
  type: "hang",
  severity: "critical",
  detector: "checks",
  sensor: "liveness",
  reason: "silent",
  evidence: [],
};

const incident: Incident = {
  id: "inc_1",
  openedAt: 0,
  cause: "instance/service-0.1",
  title: "service-0.1 is silent",
  severity: "high",
  failures: ["fail_1"],
  victims: [],
  state: { kind: "open" },
  relapses: 0,
};

function action(failed: string, status: Action["status"]): Entry {
  const plan: Action["plan"] = {
    id: "plan_1",
    strategy: "switch_alternative",
    resource: "instance/service-0.1",
    cause: { kind: "failure", incident: "inc_1", failure: failed },
    reason: "the other one is well",
    steps: [],
    irreversible: false,
    reverts: true,
  };
  return { kind: "action", action: { id: "act_1", plan, at: 0, status, done: [], begunMs: 0 } };
}

/** Writes at a minute of the hour. */
async function at(house: ApiHouse, minute: number, ...entries: readonly Entry[]): Promise<void> {
  house.world.nowMs = minute * minuteMs;
  const wallMs = house.world.now().wallMs;
  await house.write(
    entries.map((entry) => {
      if (entry.kind === "action") return { ...entry, action: { ...entry.action, at: wallMs } };
      if (entry.kind !== "failure_raised") return entry;
      return { ...entry, failure: { ...entry.failure, at: wallMs } };
    }),
  );
}

describe("the healing report", () => {
  test("counts what overlaps once, and compares the two halves of the window", async () => {
    const house = new ApiHouse();
    await using bench = await ApiBench.start(house);
    const second = { ...failure, id: "fail_2", type: "check_failed" } as const;
    await at(house, 10, { kind: "failure_raised", failure });
    await at(house, 15, { kind: "failure_raised", failure: second });
    await at(
      house,
      20,
      action("fail_1", { kind: "succeeded", elapsedMs: 5 }),
      {
        kind: "verdict",
        verdict: { at: 0, failure: "fail_1", action: "act_1", healed: true, reason: "" },
      },
      { kind: "failure_resolved", failure: "fail_1", reason: "well" },
    );
    await at(house, 25, { kind: "failure_resolved", failure: "fail_2", reason: "well" });
    await at(house, 60);
    expect(await bench.json("/api/v1/reports/healing?hours=1")).toMatchObject({
      isPartial: false,
      problemsDetected: 2,
      problemsHealed: 2,
      healedByItself: 2,
      failoversExecuted: 1,
      actions: { taken: 1, helped: 1, didNotHelp: 0, takenBack: 0 },
      recoveryMs: { median: 10 * minuteMs, worst: 10 * minuteMs },
      systemHealthImprovement: { scoreBefore: 0.5, scoreNow: 1, improvement: 0.5 },
      uptimeImpact: {
        downMs: 15 * minuteMs,
        services: [
          { service: "service-0", availability: 0.75, failures: 2, healthScore: 0.75 },
          { service: "service-1", availability: 1, failures: 0, healthScore: 1 },
          { service: "service-2", availability: 1 },
        ],
      },
      userImpact: { affectedServices: ["service-0"] },
      actionItems: [],
    });
  });

  test("a failure that is open counts until now, and what came before the window does not", async () => {
    const house = new ApiHouse();
    await using bench = await ApiBench.start(house);
    await at(house, 0, { kind: "failure_raised", failure });
    await at(house, 1, { kind: "failure_resolved", failure: "fail_1", reason: "well" });
    await at(house, 90, { kind: "failure_raised", failure: { ...failure, id: "fail_2" } });
    await at(house, 120);
    expect(await bench.json("/api/v1/reports/healing?hours=1")).toMatchObject({
      problemsDetected: 1,
      problemsHealed: 0,
      uptimeImpact: { downMs: 30 * minuteMs },
      systemHealthImprovement: { scoreBefore: 1, scoreNow: 0, improvement: -1 },
    });
  });

  test("what began before the window and is felt within it counts as down, not as found", async () => {
    const house = new ApiHouse();
    await using bench = await ApiBench.start(house);
    const other = { ...failure, id: "fail_2", resource: "instance/service-1.1" } as const;
    await at(
      house,
      0,
      { kind: "failure_raised", failure },
      { kind: "failure_raised", failure: other },
    );
    await at(house, 75, { kind: "failure_resolved", failure: "fail_2", reason: "well" });
    await at(house, 120);
    expect(await bench.json("/api/v1/reports/healing?hours=1")).toMatchObject({
      problemsDetected: 0,
      uptimeImpact: {
        services: [{ downMs: 60 * minuteMs }, { downMs: 15 * minuteMs }, { downMs: 0 }],
      },
    });
  });

  test("what comes again and again, and what nothing helped, is for a person", async () => {
    const house = new ApiHouse();
    await using bench = await ApiBench.start(house);
    for (const id of ["fail_1", "fail_2", "fail_3"]) {
      await at(house, 1, { kind: "failure_raised", failure: { ...failure, id } });
    }
    const state = { kind: "escalated", at: 0, reason: "restart did not help" } as const;
    await at(house, 2, { kind: "incident", incident: { ...incident, state } });
    const report = (await bench.json("/api/v1/reports/healing?hours=1")) as {
      actionItems: readonly { resource: string; text: string }[];
    };
    expect(report.actionItems.map(({ text }) => text)).toEqual([
      "service-0.1 is silent: nothing helped (restart did not help)",
      "hang came 3 times: find its cause; last: silent",
    ]);
  });
});

describe("the verdict", () => {
  const strategyOf = (): string => "drain_restart";

  test("says that all is well, and what starts while it does", async () => {
    const house = new ApiHouse();
    expect(judgeFleet(house, strategyOf)).toMatchObject({ kind: "busy" });
    await house.advance(10_000);
    expect(judgeFleet(house, strategyOf)).toEqual({
      kind: "well",
      text: "All 3 services are well.",
    });
  });

  test.each([
    [{ kind: "open" }, "nothing tried yet"],
    [{ kind: "recovering", action: "act_1" }, "drain restart under way"],
    [{ kind: "verifying", action: "act_1" }, "drain restart done, now being verified"],
    [{ kind: "escalated", at: 0, reason: "budget spent" }, "a person is needed: budget spent"],
  ] as const)("names the cause and what is being done: %j", async (state, doing) => {
    const house = new ApiHouse();
    await house.advance(10_000);
    await house.write([
      { kind: "failure_raised", failure },
      { kind: "incident", incident: { ...incident, state } },
    ]);
    const text = `1 incident: service-0.1 hangs; ${doing}.`;
    expect(judgeFleet(house, strategyOf)).toEqual({ kind: "trouble", text });
  });

  test("of several incidents the one that nobody works on any more comes first", async () => {
    const house = new ApiHouse();
    await house.advance(10_000);
    const lost: Incident = {
      ...incident,
      id: "inc_2",
      cause: "http/site-1",
      severity: "low",
      state: { kind: "escalated", at: 0, reason: "nothing fits" },
    };
    await house.write([
      { kind: "incident", incident: lost },
      { kind: "incident", incident: { ...incident, severity: "critical" } },
    ]);
    expect(judgeFleet(house, strategyOf).text).toBe(
      "2 incidents; the worst: site-1 is not well; a person is needed: nothing fits.",
    );
  });
});

test("an incident hurts whoever is not well yet, and not whoever ever was its victim", async () => {
  const house = new ApiHouse();
  await using bench = await ApiBench.start(house);
  const victims = ["fail_2", "fail_3"].map((id) => ({ ...failure, id }));
  await at(house, 10, { kind: "failure_raised", failure });
  await at(
    house,
    11,
    ...victims.map((each) => ({ kind: "failure_raised", failure: each }) as const),
  );
  await at(house, 11, {
    kind: "incident",
    incident: { ...incident, victims: ["fail_2", "fail_3"] },
  });
  const told = async () => {
    const { incidents } = (await bench.json("/api/v1/overview")) as Overview;
    return incidents.map(({ openVictims }) => openVictims);
  };
  expect(await told()).toEqual([2]);
  await at(house, 12, { kind: "failure_resolved", failure: "fail_2", reason: "well" });
  expect(await told()).toEqual([1]);
});

interface Overview {
  readonly incidents: readonly { readonly openVictims: number }[];
}

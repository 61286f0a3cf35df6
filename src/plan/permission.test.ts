import { describe, expect, it } from "vitest";
import { createTopology, type Fleet, formatProblem, loadFleet } from "../config/index.ts";
import { createIds, createRandom, type Mode, modes } from "../kernel/index.ts";
import type { FailureType } from "../model/index.ts";
import { forbidden, modeOf, needsApproval } from "./permission.ts";
import { createPlanState, type PlanState } from "./state.ts";
import { strategyNamed } from "./strategies/index.ts";
import type { Context, Strategy } from "./strategy.ts";

interface Rules {
  readonly fleet?: Mode;
  readonly service?: Mode;
  readonly strategy?: Mode;
  readonly runtime?: readonly (readonly [scope: string, mode: Mode])[];
  readonly limitedTo?: string;
  readonly keys?: string;
  readonly type?: FailureType;
}

function fleetOf(rules: Rules): Fleet {
  const { fleet = "full", service = "full", strategy = "full", limitedTo, keys = "" } = rules;
  const text = `
mode: ${fleet}
strategy_modes: { reconnect: ${strategy}, restart: ${strategy} }
${limitedTo === undefined ? "" : `limited_to: [${limitedTo}]`}
services: { a: { command: node a.js, mode: ${service}, ${keys} } }
`;
  const files = [{ path: "soulmirror.yaml", text }];
  const loaded = loadFleet({ files, baseDir: "/srv", hash: (each) => each });
  if (!loaded.ok) throw new Error(loaded.error.map(formatProblem).join("\n"));
  return loaded.value.fleet;
}

function sceneOf(rules: Rules): { state: PlanState; context: Context } {
  const fleet = fleetOf(rules);
  const random = createRandom(1);
  const ids = createIds({ now: () => ({ wallMs: 0, monotonicMs: 0 }) }, random);
  const state = createPlanState(fleet, createTopology(fleet), { ids, random });
  for (const [scope, mode] of rules.runtime ?? []) state.modes.set(scope, mode);
  const told = { detector: "d", sensor: "s", reason: "r", evidence: [] };
  const resource = "instance/a.1";
  const type = rules.type ?? "check_failed";
  const context: Context = {
    fleet,
    failure: { id: "f", at: 0, resource, type, severity: "high", ...told },
    resource,
    service: fleet.services["a"],
    spec: undefined,
    slot: state.slots.get(resource),
    siblings: [],
    suspects: [],
    crashesMax: 10,
  };
  return { state, context };
}

function named(name: string): Strategy {
  const strategy = strategyNamed(name);
  if (strategy === undefined) throw new Error(`there is no strategy ${name}`);
  return strategy;
}

function answer(strategy: string, rules: Rules): string | undefined {
  const { state, context } = sceneOf(rules);
  return forbidden(state, named(strategy), context);
}

describe("permission", () => {
  it.each(modes.flatMap((fleet) => modes.map((service) => [fleet, service] as const)))(
    "takes the strictest: fleet %s, service %s",
    (fleet, service) => {
      const strictest = modes.indexOf(fleet) < modes.indexOf(service) ? fleet : service;
      const { state, context } = sceneOf({ fleet, service });
      expect(modeOf(state, context)).toBe(strictest);
      const given = answer("reconnect", { fleet, service });
      if (strictest === "full") expect(given).toBeUndefined();
      else if (strictest === "limited") expect(given).toBe("mode limited does not name it");
      else expect(given).toBe(`mode ${strictest}`);
    },
  );

  it.each(modes)("asks the strategy's own mode, too: %s", (strategy) => {
    expect(answer("reconnect", { strategy }) === undefined).toBe(strategy === "full");
  });

  it.each(modes)("asks the mode that a person gave the strategy, too: %s", (mode) => {
    const runtime = [["strategy/reconnect", mode]] as const;
    expect(answer("reconnect", { runtime }) === undefined).toBe(mode === "full");
    expect(answer("restart", { runtime })).toBeUndefined();
    // Never wider than the fleet file.
    expect(answer("reconnect", { runtime, strategy: "monitor" })).toBeDefined();
  });

  it("lets what is named act in mode limited, not in a stricter one", () => {
    const limitedTo = "reconnect";
    expect(answer("reconnect", { fleet: "limited", limitedTo })).toBeUndefined();
    expect(answer("restart", { fleet: "limited", limitedTo })).toBeDefined();
    expect(answer("reconnect", { fleet: "monitor", limitedTo })).toBe("mode monitor");
  });

  it.each(modes)("brings back what has exited in mode %s, unless that is off", (mode) => {
    for (const type of ["process_exited", "crash_loop"] as const) {
      const isOff = mode === "off";
      expect(answer("restart", { fleet: mode, type })).toBe(isOff ? "mode off" : undefined);
      expect(answer("restart", { service: mode, type })).toBe(isOff ? "mode off" : undefined);
    }
    const isFull = mode === "full";
    expect(answer("restart", { fleet: mode, type: "hang" }) === undefined).toBe(isFull);
  });

  it.each(["always", "on-failure", "never"])(
    "leaves the restart policy %s to the strategy, which is not asked here",
    (policy) => {
      const rules: Rules = { keys: `restart: ${policy}`, type: "process_exited", fleet: "monitor" };
      expect(answer("restart", rules)).toBeUndefined();
      const against = named("restart").against(sceneOf(rules).context);
      expect(against === undefined).toBe(policy !== "never");
    },
  );

  it("heeds what was changed at runtime, which can only make it stricter", () => {
    expect(answer("reconnect", { runtime: [["fleet", "monitor"]] })).toBe("mode monitor");
    expect(answer("reconnect", { runtime: [["a", "shadow"]] })).toBe("mode shadow");
    expect(answer("reconnect", { runtime: [["b", "off"]] })).toBeUndefined();
    expect(answer("reconnect", { fleet: "monitor", runtime: [["fleet", "full"]] })).toBe(
      "mode monitor",
    );
  });
});

describe("approval", () => {
  const approval = (strategy: string, keys: string): boolean =>
    needsApproval(named(strategy), sceneOf({ keys }).context);

  it("is asked for what cannot be undone", () => {
    expect(approval("clean", "")).toBe(true);
    expect(approval("reconnect", "reconnect: node reconnect.js")).toBe(false);
  });

  it("follows the fleet file where that says something", () => {
    expect(approval("clean", "approve: { clean: never }")).toBe(false);
    expect(approval("restart", "approve: { restart: always }")).toBe(true);
  });
});

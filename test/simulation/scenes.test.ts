/** Judgements that need the whole loop: what is said, what is done about it, and how it ends. */
import { describe, expect, it } from "vitest";
import type { Fleet } from "../../src/config/index.ts";
import { hostNetwork, hostPressure } from "../../src/model/index.ts";
import { isLivenessOf, pressureOf, Scene, within } from "./scene.ts";
import { simulatedFleet } from "./simulated-fleet.ts";

const instance = "instance/service-0.1";

function fleetOf(services: number, resources = 0): Fleet {
  return simulatedFleet({ services, resources, versions: new Map() });
}

describe("the watcher's own network is away", () => {
  /** Two sites far away, and one on this machine. */
  function isolatable(): Fleet {
    const fleet = fleetOf(2, 3);
    const urls = ["http://one.example/", "http://two.example/", "http://127.0.0.1:9/"];
    const resources = Object.values(fleet.resources).map((site, index) => {
      const parameters = { url: urls[index] ?? "" };
      return [site.id, { ...site, probe: { ...site.probe, parameters } }] as const;
    });
    const detection = { ...fleet.detection, connectivity: ["192.0.2.1:53"] };
    return { ...fleet, detection, resources: Object.fromEntries(resources) };
  }

  function play(isNetworkAway: boolean): Scene {
    const scene = new Scene(isolatable());
    scene.play(120_000);
    expect(scene.failures()).toEqual([]);
    scene.answers = (request) => {
      const { resource } = request.spec;
      if (resource === hostNetwork) return within(request, isNetworkAway ? 60_000 : 2);
      const isFar = resource === "http/site-0" || resource === "http/site-1";
      return isFar ? within(request, 60_000) : undefined;
    };
    scene.play(60_000);
    return scene;
  }

  it("is told as that: one incident, everything far away is its victim, nothing is done", () => {
    const scene = play(true);
    const [first, ...others] = scene.failures();
    expect(first).toMatchObject({
      type: "self_isolated",
      resource: hostNetwork,
      severity: "critical",
    });
    expect(new Set(others.map(({ resource }) => resource))).toEqual(
      new Set(["http/site-0", "http/site-1"]),
    );
    for (const { type, reason } of others) {
      expect(type).toBe("dependency_down");
      expect(reason).toContain("it needs host/network: ");
    }
    const incidents = scene.entries("incident").map(({ incident }) => incident);
    expect(new Set(incidents.map(({ cause }) => cause))).toEqual(new Set([hostNetwork]));
    expect(incidents.at(-1)?.victims.toSorted()).toEqual(others.map(({ id }) => id).toSorted());
    expect(scene.deeds()).toEqual([]);

    scene.answers = () => undefined;
    scene.play(120_000);
    expect(scene.open()).toEqual([]);
    expect(scene.entries("incident").at(-1)?.incident.state.kind).toBe("resolved");
    expect(scene.deeds()).toEqual([]);
  });

  it.each([
    { where: "its own probes are", far: "instance/service-0.1", needs: [] },
    { where: "what it needs is", far: "http/site-0", needs: ["http/site-0"] },
  ])("a service is left alone while the network is away, when $where far away", (shape) => {
    const fleet = isolatable();
    const service = fleet.services["service-0"];
    if (service?.liveness === undefined) throw new Error("expected a service with a probe");
    const parameters = shape.needs.length > 0 ? {} : { url: "https://shop.example/health" };
    const liveness = { ...service.liveness, parameters };
    const probed = { ...service, listen: undefined, liveness, dependsOn: shape.needs };
    const { startup: _, readiness: __, listen: ___, ...kept } = probed;
    const scene = new Scene({ ...fleet, services: { [service.name]: kept } });
    let isNetworkAway = false;
    scene.answers = (request) => {
      const { resource, sensor } = request.spec;
      const isAsked = sensor === "liveness" || resource.startsWith("http/site");
      if (resource !== hostNetwork && !isAsked) return undefined;
      return within(request, isNetworkAway ? 60_000 : 2);
    };
    scene.play(120_000);
    isNetworkAway = true;
    scene.play(900_000);
    expect(scene.open().map(({ resource }) => resource)).toContain(hostNetwork);
    expect(scene.open().map(({ resource }) => resource)).toContain(shape.far);
    expect(scene.deeds()).toEqual([]);
    isNetworkAway = false;
    scene.play(120_000);
    expect(scene.open()).toEqual([]);
    expect(scene.deeds()).toEqual([]);
  });

  it("and when only the others are away, they are", () => {
    const types = play(false)
      .failures()
      .map(({ type, resource }) => `${type} ${resource}`);
    expect(types.toSorted()).toEqual(["unreachable http/site-0", "unreachable http/site-1"]);
  });
});

describe("far from what is usual", () => {
  it("is noted with what is usual, nothing is done, and it ends by itself", () => {
    const scene = new Scene(fleetOf(2));
    const took = (tookMs: number) => {
      scene.answers = (request) =>
        isLivenessOf(request, instance) ? within(request, tookMs) : undefined;
    };
    took(3);
    scene.play(900_000);
    expect(scene.failures()).toEqual([]);
    took(460);
    scene.play(50_000);
    // Not at the first slow answer: it may pass.
    expect(scene.failures()).toEqual([]);
    scene.play(40_000);
    expect(scene.failures()).toMatchObject([
      { type: "deviation", severity: "low", resource: instance },
    ]);
    expect(scene.failures()[0]?.reason).toContain(
      "liveness.elapsed is 460 ms; usual within the last hour: 3 ms",
    );
    expect(scene.entries("incident").at(-1)?.incident.severity).toBe("low");
    took(3);
    scene.play(60_000);
    expect(scene.open()).toEqual([]);
    expect(scene.deeds()).toEqual([]);
  });
});

describe("a machine short of processor time", () => {
  /** From one minute on: long pauses of one service, and this much pressure. */
  function play(options: { readonly percent: number; readonly pauseMs: number }): Scene {
    const scene = new Scene(fleetOf(2));
    scene.play(60_000);
    scene.answers = (request) => {
      if (request.spec.resource === hostPressure) return pressureOf(options.percent);
      return isLivenessOf(request, instance) ? within(request, options.pauseMs) : undefined;
    };
    scene.play(600_000);
    return scene;
  }

  it("has nothing called hung that answers within the stretched time", () => {
    const scene = play({ percent: 95, pauseMs: 1500 });
    expect(scene.failures()).toEqual([]);
    expect(scene.deeds()).toEqual([]);
  });

  it("while the same pauses are a hang on a calm one", () => {
    const [failure] = play({ percent: 10, pauseMs: 1500 }).failures();
    expect(failure).toMatchObject({ type: "hang", resource: instance });
    expect(failure?.reason).not.toContain("waited");
  });

  it("and what hangs is found all the same, and healed", () => {
    const scene = new Scene(fleetOf(2));
    scene.play(60_000);
    scene.answers = (request) =>
      request.spec.resource === hostPressure ? pressureOf(95) : undefined;
    scene.play(5000);
    const victim = scene.world.processOf(instance);
    if (victim) scene.world.fallIll(victim, "hung");
    scene.play(10_000);
    expect(scene.failures()).toMatchObject([{ type: "hang", resource: instance }]);
    expect(scene.failures()[0]?.reason).toContain(
      "(waited for 4 times as long, because processes of this machine waited for a processor 95 % of the time)",
    );
    scene.play(60_000);
    expect(scene.open()).toEqual([]);
    expect(scene.deeds()).toEqual([`restart ${instance}`]);
  });
});

describe("a service that answers too slowly", () => {
  /** `takenMs` is how long the answers of its first instance take while so many instances run. */
  function play(takenMs: (running: number) => number): Scene {
    const fleet = fleetOf(2);
    const thresholds = { responseTimeMs: 300 };
    const scene = new Scene({ ...fleet, detection: { ...fleet.detection, thresholds } });
    scene.play(60_000);
    expect(scene.failures()).toEqual([]);
    const runningNow = (): number =>
      [1, 2, 3].filter((number) => scene.world.processOf(`instance/service-0.${number}`)).length;
    scene.answers = (request) =>
      isLivenessOf(request, instance) ? within(request, takenMs(runningNow())) : undefined;
    scene.play(30_000);
    return scene;
  }

  it("gets one more instance, which stays", () => {
    const scene = play((running) => (running > 2 ? 5 : 400));
    expect(scene.deeds()).toEqual([`scale ${instance}`]);
    scene.play(120_000);
    expect(scene.open()).toEqual([]);
    expect(scene.world.processOf("instance/service-0.3")).toBeDefined();
    expect(scene.deeds()).toHaveLength(1);
  });

  it("loses it again when it did not help, and it is not started anew", () => {
    const scene = play(() => 400);
    scene.answers = () => undefined;
    scene.play(120_000);
    const starts = scene
      .entries("process_started")
      .filter(({ run }) => run.resource === "instance/service-0.3");
    expect(starts).toHaveLength(1);
    expect(scene.world.processOf("instance/service-0.3")).toBeUndefined();
    expect(scene.open()).toEqual([]);
  });
});

describe("a service that ends every 25 s", () => {
  /** Of a fleet that may recover once per hour: `service-1`, which needs `service-0`. */
  function play(exits: number): Scene {
    const fleet = fleetOf(2);
    const budgets = { ...fleet.budgets, perResource: 1, perFleet: 1, windowMs: 3_600_000 };
    const scene = new Scene({ ...fleet, budgets });
    scene.play(60_000);
    for (let count = 0; count < exits; count += 1) {
      const pid = scene.world.processOf("instance/service-1.1")?.identity.pid;
      expect(pid).toBeDefined();
      if (pid !== undefined) scene.world.end(pid, { expected: false });
      scene.play(25_000);
    }
    return scene;
  }

  it("is brought back each time, no budget counts that, and a person is told once", () => {
    const scene = play(20);
    expect(new Set(scene.deeds())).toEqual(new Set(["restart instance/service-1.1"]));
    expect(scene.deeds()).toHaveLength(20);
    const escalations = scene.entries("incident").flatMap(({ incident: { state, relapses } }) => {
      return state.kind === "escalated" ? [{ relapses, reason: state.reason }] : [];
    });
    const reason = "it has come back 5 times within 1 m 40 s: healed each time, and never for good";
    expect(escalations).toEqual([{ relapses: 5, reason }]);
    expect(scene.open()).toEqual([]);
  });

  it("does not take over the incident of what it needs", () => {
    const scene = play(1);
    const end = (resource: string): void => {
      const pid = scene.world.processOf(`instance/${resource}`)?.identity.pid;
      if (pid !== undefined) scene.world.end(pid, { expected: false, signal: "SIGKILL" });
    };
    end("service-1.1");
    scene.play(2000);
    end("service-0.1");
    scene.play(60_000);
    end("service-1.1");
    scene.play(60_000);
    const told = new Map(scene.entries("incident").map(({ incident }) => [incident.id, incident]));
    const ends = [...told.values()].map((each) => [each.cause, each.relapses, each.victims.length]);
    expect(ends).toEqual([
      ["instance/service-1.1", 2, 0],
      [instance, 0, 0],
    ]);
  });
});

describe("a service that crashes from its first start on", () => {
  it("comes back later each time, until the quarantine ends that", () => {
    const fleet = fleetOf(1);
    const scene = new Scene(fleet);
    scene.world.brokenSpecs.add("service-0@1");
    scene.play(600_000);
    expect(scene.invariants.broken).toEqual([]);
    expect(scene.invariants.byPolicy).toBeGreaterThanOrEqual(fleet.budgets.crashes - 1);
    expect(scene.invariants.byPolicy).toBeLessThanOrEqual(fleet.budgets.crashes);
    expect(scene.deeds().at(-1)).toBe(`quarantine ${instance}`);
  });
});

describe("what a person stops while it fails", () => {
  it("asks for nobody any more, and its incident says so", () => {
    const fleet = fleetOf(1, 0);
    const scene = new Scene({ ...fleet, budgets: { ...fleet.budgets, perResource: 0 } });
    const stateNow = () => scene.entries("incident").at(-1)?.incident.state;
    scene.play(60_000);
    const victim = scene.world.processOf(instance);
    if (victim) scene.world.fallIll(victim, "hung");
    scene.play(10_000);
    expect(stateNow()?.kind).toBe("escalated");
    const request = { kind: "stop", resource: "service/service-0", by: "ana" } as const;
    scene.world.tell({ kind: "request", request });
    scene.play(60_000);
    expect(scene.world.processOf(instance)).toBeUndefined();
    expect(scene.open()).toEqual([]);
    expect(stateNow()).toMatchObject({ kind: "resolved", by: "stopped by a person" });
  });
});

describe("what is taken out of the fleet while it fails", () => {
  it("is over, and its incident with it", () => {
    const scene = new Scene(fleetOf(1, 1));
    scene.play(60_000);
    scene.world.goAway("http/site-0", Number.POSITIVE_INFINITY);
    scene.play(60_000);
    expect(scene.open()).toMatchObject([{ resource: "http/site-0" }]);
    scene.world.tell({ kind: "fleet", fleet: fleetOf(1, 0) });
    scene.play(1000);
    expect(scene.open()).toEqual([]);
    expect(scene.entries("incident").at(-1)?.incident.state.kind).toBe("resolved");
    expect(scene.entries("verdict").at(-1)?.verdict.reason).toBe("it is no longer in the fleet");
  });
});

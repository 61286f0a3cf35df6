/** Where all strategies have their turn again, they have it under the next daemon as well. */
import { describe, expect, it } from "vitest";
import type { LoopInput, LoopState } from "../../src/loop/index.ts";
import { isLivenessOf, Scene, within } from "./scene.ts";
import { simulatedFleet } from "./simulated-fleet.ts";

const resource = "instance/service-1.1";
const fleetAt = (version: number) =>
  simulatedFleet({ services: 2, resources: 0, versions: new Map([["service-1", version]]) });

/** It hangs, and nothing helps. */
function hanging(): Scene {
  const scene = new Scene(fleetAt(1));
  scene.play(60_000);
  scene.answers = (request) =>
    isLivenessOf(request, resource) ? within(request, 60_000) : undefined;
  scene.play(200_000);
  return scene;
}

/** What gives way to what was not tried. */
function triedIn(loop: LoopState): readonly string[] {
  const attempts = loop.plan.cases.get(resource)?.attempts ?? [];
  return attempts.flatMap(({ strategy, helped }) => (helped === undefined ? [] : [strategy]));
}

const by = "ana";
const asked: readonly [string, LoopInput, number][] = [
  ["a person asks for it", { kind: "request", request: { kind: "start", resource, by } }, 1],
  [
    "the mode changes",
    { kind: "request", request: { kind: "mode", scope: "fleet", mode: "full", by } },
    1,
  ],
  ["it gets another spec", { kind: "fleet", fleet: fleetAt(2) }, 2],
];

describe("what was tried", () => {
  it("is known to the next daemon", () => {
    const scene = hanging();
    expect(triedIn(scene.loop)).not.toEqual([]);
    expect(triedIn(scene.successor(fleetAt(1)))).toEqual(triedIn(scene.loop));
  });

  it.each(asked)("is forgotten when %s, also by the next daemon", (_, input, version) => {
    const scene = hanging();
    scene.world.tell(input);
    scene.play(1000);
    expect(triedIn(scene.loop)).toEqual([]);
    expect(triedIn(scene.successor(fleetAt(version)))).toEqual([]);
  });

  it("is forgotten by a daemon that begins with another spec", () => {
    expect(triedIn(hanging().successor(fleetAt(2)))).toEqual([]);
  });
});

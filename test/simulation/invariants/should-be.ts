/**
 * 13. In the end, when all faults are over and all wishes fulfilled, the world is as it should be:
 *     each instance that is to run does, once, and nothing runs that nobody wants.
 */
import type { LoopState } from "../../../src/loop/index.ts";
import type { ResourceId } from "../../../src/model/index.ts";
import type { Setting } from "./setting.ts";

export function isAsItShouldBe({ world, broke }: Setting, { plan, fleet }: LoopState): void {
  const running = new Map<ResourceId, number>();
  for (const { resource } of world.processes.values()) {
    running.set(resource, (running.get(resource) ?? 0) + 1);
  }
  for (const [resource, count] of running) {
    if (count > 1) broke(13, `${count} processes of ${resource} run`);
    if (plan.slots.get(resource) === undefined) broke(13, `${resource} runs, and nobody knows why`);
  }
  for (const slot of plan.slots.values()) {
    const { resource, desired, quarantine, ended } = slot;
    const isRunning = running.has(resource);
    if (desired === "stopped" && isRunning) broke(13, `${resource} runs and is to be stopped`);
    const mayRest = quarantine !== undefined || ended || desired === "stopped";
    const isKnown = slot.run?.started.process.pid === world.current.get(resource);
    if (!isKnown) broke(13, `the daemon knows of another process of ${resource} than runs`);
    if (isRunning || mayRest || fleet.services[slot.service]?.restart !== "always") continue;
    broke(13, `${resource} is to run and does not`);
  }
}

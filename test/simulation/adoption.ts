/** What a new daemon sees of the processes that an earlier one has started. */
import type { Observation, ProcessRun, Reading, ResourceId } from "../../src/model/index.ts";
import type { SimulatedWorld } from "./simulated-world.ts";

/** Those that live, the older first, and those of `runs` that are gone. */
export function adoptedBy(
  world: SimulatedWorld,
  runs: readonly ProcessRun[],
): readonly Observation[] {
  const { wallMs: at, monotonicMs: begunMs } = world.now();
  const observation = (resource: ResourceId, reading: Reading): Observation => {
    return { resource, sensor: "process", at, begunMs, reading };
  };
  const gone = runs.flatMap(({ resource, process }) => {
    const ended = world.ended.get(process.pid);
    if (ended === undefined) return [];
    const uptimeMs = world.nowMs - ended.startedMs;
    const expected = ended.wasPrevious;
    const how = { code: null, signal: null, uptimeMs, expected };
    return [observation(resource, { kind: "exited", process, ...how })];
  });
  const living = [...world.processes.values()].map(({ resource, identity, specHash, startedMs }) =>
    observation(resource, {
      kind: "started",
      process: identity,
      specHash,
      startedAt: at - (begunMs - startedMs),
      adopted: true,
    }),
  );
  return [...gone, ...living];
}

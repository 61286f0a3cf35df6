import { integerBetween, type Random } from "../../src/kernel/index.ts";
import { type ResourceId, resourceId } from "../../src/model/index.ts";
import type { SimulatedWorld } from "./simulated-world.ts";

/** What the simulated fleet suffers. Each strikes something that was well and ready before. */
export type FaultName =
  | "kill"
  | "hang"
  | "stall"
  | "leak"
  | "fail"
  | "port"
  | "config"
  | "outage"
  | "crash_daemon";

const names: readonly FaultName[] = [
  "kill",
  "kill",
  "hang",
  "stall",
  "leak",
  "fail",
  "port",
  "config",
  "outage",
  "crash_daemon",
];

export interface FaultHooks {
  readonly resources: number;
  /** A new fleet file in which this service has a spec that crashes; `undo` puts it right again. */
  breakConfig(service: string): void;
  crashDaemon(): void;
}

export function strike(
  world: SimulatedWorld,
  random: Random,
  hooks: FaultHooks,
): FaultName | undefined {
  const name = names[integerBetween(random, 0, names.length - 1)] ?? "kill";
  if (name === "crash_daemon") {
    hooks.crashDaemon();
    return name;
  }
  if (name === "outage" && hooks.resources > 0) {
    const resource = resourceId("http", `site-${integerBetween(random, 0, hooks.resources - 1)}`);
    world.awayUntilMs.set(resource, world.nowMs + 30_000);
    return name;
  }
  const well = [...world.processes.values()].filter(
    (process) => process.illness === "well" && world.isReady(process),
  );
  const victim = well[integerBetween(random, 0, well.length - 1)];
  if (victim === undefined) return undefined;
  const { pid } = victim.identity;
  switch (name) {
    case "hang":
      world.fallIll(victim, "hung");
      return name;
    case "stall":
      world.fallIll(victim, "stalled");
      return name;
    case "leak":
      world.fallIll(victim, "leaking");
      return name;
    case "fail":
      world.fallIll(victim, "failing");
      return name;
    case "config":
      hooks.breakConfig(serviceNameOf(victim.resource));
      return name;
    case "port":
      world.heldUntilMs.set(victim.resource, world.nowMs + integerBetween(random, 500, 20_000));
      world.end(pid, { expected: false, signal: "SIGKILL" });
      return name;
    default:
      world.end(pid, { expected: false, signal: "SIGKILL" });
      return "kill";
  }
}

function serviceNameOf(resource: ResourceId): string {
  return resource.slice("instance/".length, resource.lastIndexOf("."));
}

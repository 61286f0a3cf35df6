import { integerBetween, type Random } from "../../src/kernel/index.ts";
import { resourceId } from "../../src/model/index.ts";
import { serviceNameOf } from "./simulated-fleet.ts";
import type { Illness, SimulatedProcess, SimulatedWorld } from "./simulated-world.ts";

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
  | "crash_daemon"
  /** Ill for a moment, and well again by itself. */
  | "sneeze"
  /** Ill again after each restart, for many minutes. */
  | "stubborn"
  /** The same, and so ill that it dies at once. */
  | "doomed"
  | "long_outage"
  | "store_away";

export const usualFaults: readonly FaultName[] = [
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

export const allFaults: readonly FaultName[] = [
  ...usualFaults,
  "sneeze",
  "stubborn",
  "doomed",
  "long_outage",
  "store_away",
];

export interface FaultHooks {
  readonly resources: number;
  /** A new fleet file in which this service has a spec that crashes; `undo` puts it right again. */
  breakConfig(service: string): void;
  crashDaemon(): void;
  takeStoreAway(forMs: number): void;
}

const illnesses: Partial<Record<FaultName, Illness>> = {
  hang: "hung",
  stall: "stalled",
  leak: "leaking",
  fail: "failing",
};

/** Undefined when there was nothing well that it could have struck. */
export function strike(
  world: SimulatedWorld,
  { name, random }: { readonly name: FaultName; readonly random: Random },
  hooks: FaultHooks,
): FaultName | undefined {
  if (name === "crash_daemon") hooks.crashDaemon();
  else if (name === "store_away") hooks.takeStoreAway(integerBetween(random, 500, 120_000));
  else if ((name === "outage" || name === "long_outage") && hooks.resources > 0) {
    const site = resourceId("http", `site-${integerBetween(random, 0, hooks.resources - 1)}`);
    world.goAway(site, name === "outage" ? 30_000 : integerBetween(random, 60_000, 900_000));
  } else {
    const victim = wellOne(world, random);
    if (victim === undefined) return undefined;
    hurt(world, victim, { name, random, hooks });
  }
  return name;
}

function wellOne(world: SimulatedWorld, random: Random): SimulatedProcess | undefined {
  const well = [...world.processes.values()].filter((process) => world.isWell(process));
  return well[integerBetween(random, 0, well.length - 1)];
}

function hurt(
  world: SimulatedWorld,
  victim: SimulatedProcess,
  blow: { readonly name: FaultName; readonly random: Random; readonly hooks: FaultHooks },
): void {
  const { name, random, hooks } = blow;
  const { resource, identity } = victim;
  const kill = (): void => world.end(identity.pid, { expected: false, signal: "SIGKILL" });
  const illness = illnesses[name];
  if (illness !== undefined) world.fallIll(victim, illness);
  else if (name === "sneeze") {
    world.fallIll(victim, random.next() < 0.5 ? "hung" : "failing");
    world.at(integerBetween(random, 300, 9000), () => world.recover(victim));
  } else if (name === "stubborn") {
    const again: Illness = random.next() < 0.5 ? "hung" : "failing";
    const untilMs = world.nowMs + integerBetween(random, 120_000, 600_000);
    world.stubborn.set(resource, { illness: again, untilMs });
    world.fallIll(victim, again);
  } else if (name === "doomed") {
    const untilMs = world.nowMs + integerBetween(random, 200_000, 600_000);
    world.stubborn.set(resource, { illness: "dying", untilMs });
    kill();
  } else if (name === "config") hooks.breakConfig(serviceNameOf(resource));
  else {
    if (name === "port") {
      world.heldUntilMs.set(resource, world.nowMs + integerBetween(random, 500, 20_000));
    }
    kill();
  }
}

export function drawFault(random: Random, faults: readonly FaultName[]): FaultName {
  return faults[integerBetween(random, 0, faults.length - 1)] ?? "kill";
}

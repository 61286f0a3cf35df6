/** How the simulated world is looked at: what an answer says, and how long it takes. */
import type { Reading, ReadRequest, ResourceId } from "../../src/model/index.ts";
import { baseBytes, leakBytesPerMs, memoryLimitBytes } from "./simulated-fleet.ts";
import type { SimulatedProcess, SimulatedWorld } from "./simulated-world.ts";

type Answer = (readings: readonly Reading[]) => void;

export class SimulatedSensors {
  readonly #world: SimulatedWorld;
  readonly #lostMs = new Map<ResourceId, number>();

  constructor(world: SimulatedWorld) {
    this.#world = world;
  }

  look({ spec, process: asked }: ReadRequest, answer: Answer): void {
    const world = this.#world;
    const reply = (delayMs: number, reading: () => Reading): void =>
      world.at(delayMs, () => {
        world.observations += 1;
        answer([reading()]);
      });
    const silence = (): void =>
      reply(spec.timeoutMs, () => checkReading(false, "timeout", spec.timeoutMs));
    if (!spec.resource.startsWith("instance/")) {
      if (world.isAway(spec.resource)) silence();
      else reply(3, () => checkReading(true, "timeout", 3));
      return;
    }
    const process = world.processes.get(asked?.pid ?? -1);
    if (process === undefined || !world.isReady(process)) {
      reply(1, () => checkReading(false, "refused", 1));
    } else if (spec.kind === "process-usage") reply(0.1, () => usage(process, world.nowMs));
    else if (process.illness === "hung") silence();
    else if (spec.kind === "work") reply(1, () => work(process));
    else if (this.#isLost(spec.resource)) silence();
    else {
      const failing = process.illness === "failing";
      reply(1 + world.random.next() * 4, () => checkReading(!failing, "status", 2));
    }
  }

  /**
   * One look in five thousand is lost although all is well: no reason to do anything. Two in a row
   * would be one.
   */
  #isLost(resource: ResourceId): boolean {
    const { nowMs, random } = this.#world;
    const isUnlucky = random.next() < 0.0002;
    const wasJustNow = nowMs - (this.#lostMs.get(resource) ?? -lostApartMs) < lostApartMs;
    if (isUnlucky && !wasJustNow) this.#lostMs.set(resource, nowMs);
    return isUnlucky && !wasJustNow;
  }
}

const lostApartMs = 20_000;

function work(process: SimulatedProcess): Reading {
  if (process.illness !== "stalled") process.jobs += 3;
  return { kind: "work", counter: "jobs_total", done: process.jobs, waiting: 2 };
}

function usage(process: SimulatedProcess, nowMs: number): Reading {
  const leaked = process.illness === "leaking" ? (nowMs - process.illSinceMs) * leakBytesPerMs : 0;
  const value = baseBytes + leaked;
  return {
    kind: "samples",
    samples: [{ series: "memory.rss", value, unit: "bytes", limit: memoryLimitBytes }],
  };
}

function checkReading(
  ok: boolean,
  symptom: "timeout" | "refused" | "status",
  elapsedMs: number,
): Reading {
  return ok
    ? { kind: "check", ok, elapsedMs: 2, reason: "200" }
    : { kind: "check", ok, elapsedMs, symptom, reason: symptom };
}

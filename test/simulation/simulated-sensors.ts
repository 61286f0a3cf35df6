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

  look(request: ReadRequest, answer: Answer): void {
    const world = this.#world;
    const reading = this.#readingOf(request);
    world.at(delayOf(reading), () => {
      world.observations += 1;
      answer([reading]);
    });
  }

  /** As it is when the look begins. */
  #readingOf({ spec, process: asked }: ReadRequest): Reading {
    const world = this.#world;
    const { resource, timeoutMs, kind } = spec;
    if (!resource.startsWith("instance/")) {
      return checkReading(
        !world.isAway(resource),
        "timeout",
        world.isAway(resource) ? timeoutMs : 3,
      );
    }
    const process = world.processes.get(asked?.pid ?? -1);
    if (process === undefined || !world.isReady(process)) return checkReading(false, "refused", 1);
    if (kind === "process-usage") return usage(process, world.nowMs);
    if (process.illness === "hung") return checkReading(false, "timeout", timeoutMs);
    if (kind === "work") return work(process);
    if (this.#isLost(resource)) return checkReading(false, "timeout", timeoutMs);
    const tookMs = 1 + world.random.next() * 4;
    return checkReading(process.illness !== "failing", "status", tookMs);
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
    ? { kind: "check", ok, elapsedMs, reason: "200" }
    : { kind: "check", ok, elapsedMs, symptom, reason: symptom };
}

/** The numbers of a process are there at once. */
function delayOf(reading: Reading): number {
  if (reading.kind === "check") return reading.elapsedMs;
  return reading.kind === "work" ? 1 : 0.1;
}

/**
 * What is done to the simulated world: how long it takes, what it changes, and how it fails. They
 * refuse what the real effectors refuse, so that the loop cannot do here what it could not there.
 */
import { integerBetween } from "../../src/kernel/index.ts";
import type { Command, ResourceId, StepResult } from "../../src/model/index.ts";
import type { SimulatedWorld } from "./simulated-world.ts";

/** A command on its way. Lost ones change nothing any more: their daemon died before. */
export interface Flight {
  readonly command: Command;
  readonly landsMs: number;
  isLost: boolean;
}

type Answer = (result: StepResult) => void;

export class SimulatedEffectors {
  readonly #world: SimulatedWorld;

  constructor(world: SimulatedWorld) {
    this.#world = world;
  }

  carryOut(command: Command, answer: Answer): Flight {
    const { phase, step } = command;
    const roll = this.#world.random.next();
    const land = (delayMs: number, result: () => StepResult | undefined): Flight => {
      const flight = { command, landsMs: this.#world.nowMs + delayMs, isLost: false };
      this.#world.at(delayMs, () => {
        const told = flight.isLost ? undefined : result();
        if (told) answer(told);
      });
      return flight;
    };
    if (step.kind === "command" && phase === "act") {
      const takesMs = integerBetween(this.#world.random, 20, 1900);
      return land(takesMs, () => this.#runHook(step.resource, roll));
    }
    // Now and then an effector fails, and rarely it never answers.
    if (phase === "act" && roll < 0.01) {
      return land(2, () => this.#fail(step));
    }
    if (phase === "act" && roll < 0.011) return land(2, () => undefined);
    if (phase === "act" && step.kind === "ready") {
      const { pid } = this.#world.processOf(step.resource)?.identity ?? { pid: 0 };
      return land(400, () => this.#isReady(pid));
    }
    return land(durationMs(command), () => this.#perform(command));
  }

  /** That it cannot be started is a fact about the instance, whoever asked for the start. */
  #fail({ kind, resource }: Command["step"]): StepResult {
    const reason = "the simulated effector failed";
    if (kind === "start" && !this.#world.processOf(resource)) {
      const reading = { kind: "check", ok: false, elapsedMs: 0, symptom: "missing" } as const;
      this.#world.observe(resource, { ...reading, reason });
    }
    return { kind: "failed", reason };
  }

  /** It changes the world, and then ends well, fails half-way, or never answers. */
  #runHook(resource: ResourceId, roll: number): StepResult | undefined {
    this.#world.changed.add(resource);
    if (roll < 0.4) return { kind: "failed", reason: "exit code 1" };
    // Of a site it helps as often as not.
    if (roll < 0.7 && resource.startsWith("http/")) this.#world.comeBack(resource);
    return roll < 0.9 ? { kind: "done", detail: "changed", undo: { ran: true } } : undefined;
  }

  #perform({ phase, step, undo }: Command): StepResult {
    const world = this.#world;
    const { resource, parameters } = step;
    if (phase === "precheck") return this.#precheck(step);
    if (phase === "undo") {
      if (step.kind === "command") world.changed.delete(resource);
      if (typeof undo?.["pid"] === "number") world.end(undo["pid"], { expected: true });
      return { kind: "done", detail: "undone" };
    }
    switch (step.kind) {
      case "start": {
        const isBeside = parameters["beside"] === true;
        if (world.processOf(resource) && !isBeside) {
          return { kind: "failed", reason: "it runs already" };
        }
        const pid = world.start(resource, parameters["specHash"] as string);
        return { kind: "done", detail: `pid ${pid}`, undo: { pid } };
      }
      case "stop":
        this.#stop(resource, parameters["which"] as string);
        return { kind: "done", detail: "stopped" };
      default:
        return { kind: "done", detail: step.kind };
    }
  }

  /** Asked is the process that ran when the waiting began. */
  #isReady(pid: number): StepResult {
    const process = this.#world.processes.get(pid);
    return process && this.#world.isReady(process)
      ? { kind: "done", detail: "ready" }
      : { kind: "failed", reason: "it exited" };
  }

  #stop(resource: ResourceId, which: string): void {
    const previous = this.#world.previousOf(resource);
    const current = this.#world.processOf(resource);
    if (previous && which !== "current") {
      this.#world.end(previous.identity.pid, { expected: true });
    }
    if (current && which !== "previous") this.#world.end(current.identity.pid, { expected: true });
  }

  #precheck({ kind, resource, parameters }: Command["step"]): StepResult {
    const world = this.#world;
    if (kind !== "start") return { kind: "done", detail: "" };
    const current = world.processOf(resource);
    if (current && parameters["beside"] !== true) {
      return { kind: "refused", reason: `pid ${current.identity.pid} runs already` };
    }
    if (world.previousOf(resource)) {
      return { kind: "refused", reason: "an older process has not ended yet" };
    }
    if ((world.heldUntilMs.get(resource) ?? 0) <= world.nowMs) return { kind: "done", detail: "" };
    const holder = { pid: 9, command: "nc" };
    world.observe(resource, { kind: "port-held", port: 4100, holder });
    return { kind: "later", reason: "port 4100 is held by pid 9 (nc)", retryAfterMs: 100 };
  }
}

function durationMs({ phase, step }: Command): number {
  if (phase === "precheck") return 0.5;
  return step.kind === "drain" ? 50 : 5;
}

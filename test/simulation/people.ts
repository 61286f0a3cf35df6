/**
 * Persons who act at random times: they stop and start, restart, approve, dismiss and set modes.
 * What they set they put right again, and at the latest when the run is to come to its end.
 */
import { integerBetween, type Mode, type Random } from "../../src/kernel/index.ts";
import type { LoopState } from "../../src/loop/index.ts";
import { type PersonRequest, type ResourceId, strategyScope } from "../../src/model/index.ts";
import type { SimulatedWorld } from "./simulated-world.ts";

export interface PeopleParts {
  readonly world: SimulatedWorld;
  readonly random: Random;
  /** Of the living daemon; undefined while there is none: then nobody can ask for anything. */
  readonly loop: () => LoopState | undefined;
}

const by = "ana";
const modesSet: readonly Mode[] = ["off", "shadow", "monitor", "limited"];

export class People {
  readonly asked: Record<string, number> = {};
  readonly #parts: PeopleParts;

  constructor(parts: PeopleParts) {
    this.#parts = parts;
  }

  /** Until the run is to become quiet, and then until all is right. */
  act(untilMs: number, endMs: number): void {
    const { world, random } = this.#parts;
    for (let atMs = 30_000; atMs < untilMs; atMs += integerBetween(random, 60_000, 300_000)) {
      world.at(atMs, () => this.#act());
    }
    for (let atMs = untilMs; atMs < endMs; atMs += 20_000) {
      world.at(atMs, () => this.#putRight());
    }
  }

  /** What waits for approval gets an answer, sooner or later. */
  decide(endMs: number): void {
    const { world, random } = this.#parts;
    for (let atMs = 10_000; atMs < endMs; atMs += integerBetween(random, 5000, 40_000)) {
      world.at(atMs, () => this.answer());
    }
  }

  /** Somebody has a look at what waits for approval. */
  answer(): void {
    const { random, loop } = this.#parts;
    for (const { id } of loop()?.plan.awaiting.values() ?? []) {
      const roll = random.next();
      if (roll < 0.6) this.#ask({ kind: roll < 0.4 ? "approve" : "dismiss", action: id, by });
    }
  }

  #act(): void {
    const { world, random } = this.#parts;
    const roll = random.next();
    const laterMs = integerBetween(random, 200, 200_000);
    if (roll < 0.35) {
      const resource = this.#anything();
      this.#ask({ kind: "stop", resource, by });
      world.at(laterMs, () => this.#ask({ kind: "start", resource, by }));
    } else if (roll < 0.7) {
      this.#ask({ kind: "restart", resource: this.#anything(), by });
    } else {
      const scope = this.#scope();
      const mode = modesSet[integerBetween(random, 0, modesSet.length - 1)] ?? "monitor";
      this.#ask({ kind: "mode", scope, mode, by });
      world.at(laterMs, () => this.#ask({ kind: "mode", scope, mode: "full", by }));
    }
  }

  #putRight(): void {
    const plan = this.#parts.loop()?.plan;
    for (const [scope, mode] of plan?.modes ?? []) {
      if (mode !== "full") this.#ask({ kind: "mode", scope, mode: "full", by });
    }
    for (const { resource, desired } of plan?.slots.values() ?? []) {
      if (desired === "stopped") this.#ask({ kind: "start", resource, by });
    }
  }

  #ask(request: PersonRequest): void {
    if (this.#parts.loop() === undefined) return;
    this.asked[request.kind] = (this.asked[request.kind] ?? 0) + 1;
    this.#parts.world.tell({ kind: "request", request });
  }

  /** An instance, or a whole service. */
  #anything(): ResourceId {
    const slots = [...(this.#parts.loop()?.plan.slots.values() ?? [])];
    const slot = slots[integerBetween(this.#parts.random, 0, slots.length - 1)];
    if (slot === undefined) return "service/service-0";
    return this.#parts.random.next() < 0.5 ? slot.resource : `service/${slot.service}`;
  }

  #scope(): string {
    const roll = this.#parts.random.next();
    if (roll < 0.4) return "fleet";
    if (roll < 0.6) return strategyScope("restart");
    return this.#anything().replace(/^(?:instance|service)\/([^.]+).*$/, "$1");
  }
}

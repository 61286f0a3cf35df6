/**
 * What must hold in every run, whatever the seed. Each group has a file of its own (in brackets):
 *
 * 1. Every failure ends resolved, or its incident is escalated, and nobody waits long (`ends`).
 * 2. Nothing is done without its action in the journal, its precheck answered with yes, and a
 *    person's approval where that is asked for (`deeds`).
 * 3. Never two deeds on one resource at once (`deeds`).
 * 4. Nothing that is well is stopped, unless configuration or a person wanted it (`restarts`).
 * 5. Restarts are bounded by budgets, pauses, backoff and quarantine (`restarts`).
 * 6. A crash of the daemon loses nothing that was written (`memory`).
 * 7. What may be half done is undone (`undone`).
 * 8. An incident keeps its cause and its title (`ends`).
 * 9. "Healed" is true in the world, for the whole watch window (`verdicts`).
 * 10. "Not healed" and "escalated" are true in the world (`verdicts`).
 * 11. What a person has asked for holds (`wishes`).
 * 12. The journal in the store is whole in the end, or says what is lost (`chain`).
 * 13. In the end the world is as it should be: all that is to run does, each once, and nothing else
 *     (`should-be`).
 */
import type { Fleet } from "../../src/config/index.ts";
import type { Command, Entry, Kept, SealedEntry, StepResult } from "../../src/model/index.ts";
import { Deeds } from "./invariants/deeds.ts";
import { Ends } from "./invariants/ends.ts";
import { Restarts } from "./invariants/restarts.ts";
import type { Invariant, Setting } from "./invariants/setting.ts";
import { Told } from "./invariants/told.ts";
import { Undone } from "./invariants/undone.ts";
import { Verdicts } from "./invariants/verdicts.ts";
import { Wishes } from "./invariants/wishes.ts";
import type { SimulatedWorld } from "./simulated-world.ts";

const brokenMax = 20;

export class Invariants {
  readonly broken: string[] = [];
  readonly setting: Setting;
  recoveries = 0;
  rolledBack = 0;
  #told = new Told();
  readonly #restarts: Restarts;
  readonly #all: readonly Invariant[];

  constructor(fleet: Fleet, world: SimulatedWorld) {
    const currentlyTold = (): Told => this.#told;
    const setting: Setting = {
      fleet,
      world,
      get told() {
        return currentlyTold();
      },
      broke: (number, what) => this.broke(number, what),
    };
    this.setting = setting;
    this.#restarts = new Restarts(setting);
    this.#all = [
      new Deeds(setting),
      new Ends(setting),
      this.#restarts,
      new Undone(setting),
      new Verdicts(setting),
      new Wishes(setting),
    ];
  }

  /** Restarts that the restart policy asked for. */
  get byPolicy(): number {
    return this.#restarts.byPolicy;
  }

  written(entries: readonly Entry[]): void {
    const { wallMs } = this.setting.world.now();
    for (const entry of entries) {
      this.#told.hear(entry, wallMs);
      for (const each of this.#all) each.written?.(entry);
      if (entry.kind === "action") this.#count(entry.action);
    }
  }

  commanded(command: Command, kept: Kept): void {
    for (const each of this.#all) each.commanded?.(command, kept);
  }

  answered(command: Command, result: StepResult): void {
    for (const each of this.#all) each.answered?.(command, result);
  }

  daemonDied(): void {
    for (const each of this.#all) each.daemonDied?.();
  }

  /** All that a new daemon can know: what was only in the memory of the last one is gone. */
  daemonBegins(journal: readonly SealedEntry[]): void {
    this.#told = new Told();
    for (const { entry, at } of journal) this.#told.hear(entry, at);
    for (const each of this.#all) each.daemonBegins?.(journal);
  }

  minutePassed(): void {
    for (const each of this.#all) each.minutePassed?.();
  }

  end(): void {
    for (const each of this.#all) each.end?.();
  }

  broke(number: number, what: string): void {
    const { nowMs } = this.setting.world;
    if (this.broken.length < brokenMax) {
      this.broken.push(`${Math.round(nowMs)} ms: ${number}: ${what}`);
    }
  }

  #count({ status, plan }: Extract<Entry, { kind: "action" }>["action"]): void {
    if (status.kind === "succeeded" && plan.cause.kind === "failure") this.recoveries += 1;
    if (status.kind === "rolled_back") this.rolledBack += 1;
  }
}

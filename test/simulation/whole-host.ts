/**
 * The whole daemon: one life after the other, over one disk. Between two lives some time passes in
 * which nobody looks after the world.
 */
import { integerBetween } from "../../src/kernel/index.ts";
import type { LoopInput } from "../../src/loop/index.ts";
import type { Command, Entry, Kept } from "../../src/model/index.ts";
import { type CrashPlace, Reaper } from "./crash-steps.ts";
import { DaemonLife } from "./daemon-life.ts";
import { ChainBook } from "./invariants/chain.ts";
import { remembers } from "./invariants/memory.ts";
import { isAsItShouldBe } from "./invariants/should-be.ts";
import { People } from "./people.ts";
import type { Host, HostParts } from "./run.ts";
import { SimulatedDisk } from "./simulated-disk.ts";

export class WholeHost implements Host {
  /** When the next life begins. */
  wakeMs = 0;
  readonly crashes: Record<string, number> = {};
  readonly #parts: HostParts;
  readonly #disk = new SimulatedDisk();
  readonly #reaper = new Reaper();
  readonly #chain = new ChainBook();
  readonly #people: People;
  #life: DaemonLife | undefined;

  constructor(parts: HostParts) {
    this.#parts = parts;
    const { world, random, options, untilMs, endMs } = parts;
    this.#people = new People({ world, random, loop: () => this.#life?.loop });
    this.#people.decide(endMs);
    if (options.isRestless) this.#people.act(untilMs, endMs);
    // The last site is never well again: that is told to a person, and stays known.
    const last = options.resources - 1;
    if (last >= 0) world.at(untilMs - 60_000, () => world.goAway(`http/site-${last}`, Infinity));
  }

  get asked(): Readonly<Record<string, number>> {
    return this.#people.asked;
  }

  turn(inputs: readonly LoopInput[]): Promise<void> | undefined {
    const life = this.#life;
    if (life === undefined) {
      return this.#parts.world.nowMs < this.wakeMs ? undefined : this.#begin();
    }
    life.take(inputs);
    if (!life.isTouched) return undefined;
    life.isTouched = false;
    return idle();
  }

  crash(): void {
    this.#life?.kill("between");
  }

  takeStoreAway(forMs: number): void {
    const { world, random } = this.#parts;
    this.#disk.goAway(random.next() < 0.5 ? "refuses" : "hangs");
    // What would be done about this one cannot be taken back, even if a person approves it.
    world.goAway("http/site-1", forMs);
    for (let laterMs = 5000; laterMs < forMs; laterMs += 5000) {
      world.at(laterMs, () => this.#people.answer());
    }
    world.at(forMs, () => {
      this.#disk.comeBack();
      if (this.#life) this.#life.isTouched = true;
    });
  }

  /** A daemon is most vulnerable while it does something. */
  struck(): void {
    const { options, random } = this.#parts;
    if (options.crash) this.#reaper.arm(options.crash.step, options.crash.passes);
    if (options.isRestless && random.next() < 0.5) this.#reaper.armAnywhere(random);
  }

  async end(): Promise<void> {
    const { invariants } = this.#parts;
    const stored = await this.#disk.everything();
    for (const what of this.#chain.compare(stored)) invariants.broke(12, what);
    const loop = this.#life?.loop;
    if (loop === undefined) invariants.broke(13, "no daemon runs");
    else isAsItShouldBe(invariants.setting, loop);
  }

  async #begin(): Promise<void> {
    const { world, invariants, ids, random, fleet, written } = this.#parts;
    this.wakeMs = Number.POSITIVE_INFINITY;
    invariants.daemonBegins(await this.#disk.everything());
    const life = await DaemonLife.begin({
      world,
      ids,
      random,
      disk: this.#disk,
      reaper: this.#reaper,
      fleet: fleet(),
      commanded: (command: Command, kept: Kept) => invariants.commanded(command, kept),
      answered: (command, result) => invariants.answered(command, result),
      told: (entries: readonly Entry[]) => this.#chain.told(entries),
      written: (entries, kept) => {
        this.#chain.written(kept);
        invariants.written(entries);
        written(entries);
      },
      died: (step) => this.#died(step),
    });
    // It may have been killed in its first tick.
    if (!life.isOver) this.#life = life;
    await idle();
    if (!life.isOver) remembers(invariants.setting, life);
  }

  #died(step: CrashPlace): void {
    const { world, random, invariants } = this.#parts;
    this.crashes[step] = (this.crashes[step] ?? 0) + 1;
    this.#life = undefined;
    this.#disk.daemonDied();
    this.#chain.daemonDied();
    invariants.daemonDied();
    this.wakeMs = world.nowMs + integerBetween(random, 50, 3000);
  }
}

/** Until everything that has its answer has gone on with it. */
function idle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/**
 * The stages alone, without conductor and store: what the bench measures. A crash comes between two
 * ticks only, and what the next life has to know is kept as a checkpoint.
 */
import {
  createRecollection,
  readRecollection,
  recollect,
  writeRecollection,
} from "../../src/knowledge/index.ts";
import {
  createLoopState,
  type LoopInput,
  type LoopState,
  resume,
  tick,
} from "../../src/loop/index.ts";
import type { Command } from "../../src/model/index.ts";
import type { Read } from "../../src/monitor/index.ts";
import { adoptedBy } from "./adoption.ts";
import type { Host, HostParts } from "./run.ts";

export class BareHost implements Host {
  wakeMs = 0;
  readonly crashes: Record<string, number> = {};
  readonly asked = {};
  readonly #parts: HostParts;
  #memory = createRecollection();
  #loop: LoopState;
  #life = 0;

  constructor(parts: HostParts) {
    this.#parts = parts;
    this.#loop = this.#makeLoop();
    parts.world.tell({ kind: "fleet", fleet: parts.fleet() });
  }

  turn(inputs: readonly LoopInput[]): undefined {
    const { world, invariants, written } = this.#parts;
    if (inputs.length === 0 && world.nowMs < this.wakeMs) return;
    const done = tick(this.#loop, inputs, world.now());
    if (done.entries.length > 0) {
      for (const entry of done.entries) recollect(this.#memory, entry, world.now().wallMs);
      invariants.written(done.entries);
      written(done.entries);
    }
    for (const read of done.reads) this.#read(read);
    for (const command of done.commands) this.#carryOut(command);
    this.wakeMs = done.wakeMs ?? Number.POSITIVE_INFINITY;
  }

  /** kill -9 of the daemon: the world goes on, a new one knows the journal and adopts. */
  crash(): void {
    const { world, invariants, fleet } = this.#parts;
    this.#life += 1;
    invariants.daemonDied();
    const checkpoint = readRecollection(writeRecollection(this.#memory));
    if (checkpoint === undefined) throw new Error("a checkpoint can be read again");
    this.#memory = checkpoint;
    this.#loop = this.#makeLoop();
    resume(this.#loop, checkpoint, this.#tools());
    world.tell({ kind: "fleet", fleet: fleet() });
    for (const observation of adoptedBy(world, [...checkpoint.runs.values()])) {
      world.tell({ kind: "observation", observation });
    }
  }

  /** There is none. */
  takeStoreAway(): void {}

  struck(): void {}

  end(): Promise<void> {
    return Promise.resolve();
  }

  #tools() {
    const { world: clock, ids, random } = this.#parts;
    return { clock, ids, random };
  }

  #makeLoop(): LoopState {
    return createLoopState(this.#parts.fleet(), this.#tools());
  }

  #read({ read, request }: Read): void {
    const { world } = this.#parts;
    const life = this.#life;
    const { key } = request.spec;
    world.look(request, (readings) => {
      if (life === this.#life) world.tell({ kind: "read", key, read, readings });
    });
  }

  #carryOut(command: Command): void {
    const { world, invariants } = this.#parts;
    const life = this.#life;
    invariants.commanded(command, "store");
    world.carryOut(command, (result) => {
      if (life !== this.#life) return;
      invariants.answered(command, result);
      world.tell({ kind: "result", command: command.id, result });
    });
  }
}

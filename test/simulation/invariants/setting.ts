import type { Fleet } from "../../../src/config/index.ts";
import type { Command, Entry, Kept, StepResult } from "../../../src/model/index.ts";
import type { SimulatedWorld } from "../simulated-world.ts";
import type { Told } from "./told.ts";

/** What every invariant may look at. */
export interface Setting {
  readonly fleet: Fleet;
  readonly world: SimulatedWorld;
  readonly told: Told;
  /** Notes what was found: `number` is that of the invariant. */
  readonly broke: (number: number, what: string) => void;
}

/** One group of invariants, and what it wants to hear of. */
export interface Invariant {
  /** After the entry has been told. */
  written?(entry: Entry): void;
  /** Before an effector is called. */
  commanded?(command: Command, kept: Kept): void;
  answered?(command: Command, result: StepResult): void;
  daemonDied?(): void;
  /** Once in a simulated minute. */
  minutePassed?(): void;
  end?(): void;
}

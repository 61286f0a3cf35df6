import type { Fleet } from "../../../src/config/index.ts";
import {
  type Command,
  type Entry,
  type Kept,
  type ResourceId,
  type SealedEntry,
  type StepResult,
  serviceId,
} from "../../../src/model/index.ts";
import { serviceNameOf } from "../simulated-fleet.ts";
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
  /** With all that a new daemon can know. */
  daemonBegins?(journal: readonly SealedEntry[]): void;
  /** Once in a simulated minute. */
  minutePassed?(): void;
  end?(): void;
}

/** What was asked for is the resource, or the service that it is an instance of. */
export function isOf(asked: ResourceId, resource: ResourceId): boolean {
  return asked === resource || asked === serviceId(serviceNameOf(resource));
}

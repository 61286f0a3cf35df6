import type { Fleet, HookSpecs, ResourceSpec, ServiceSpec } from "../config/index.ts";
import type { Failure, FailureType, ResourceId, Step } from "../model/index.ts";
import type { Slot } from "./slots.ts";

/**
 * A recovery strategy: one way to heal certain types of failure. It is pure; what it wants done is
 * steps. Its precondition answers with the reason against it, so that every choice can be
 * explained.
 */
export interface Strategy {
  readonly name: string;
  /** The types of failure it heals, each with its turn: lower first. */
  readonly heals: Partial<Readonly<Record<FailureType, number>>>;
  /** May be tried again in the same incident (after a growing pause). */
  readonly repeatable: boolean;
  /** False where it never could be tried, whatever is declared: then nobody is told of it. */
  fits?(context: Context): boolean;
  /** Undefined: it may be tried. Else the reason against it. */
  against(context: Context): string | undefined;
  /** Never empty unless `heals` nothing by steps (quarantine of what does not run). */
  steps(context: Context): readonly Step[];
  irreversible(context: Context): boolean;
  /** True when a verdict "not healed" takes its steps back. */
  readonly reverts: boolean;
  /** True when nothing is expected to get well by it. */
  readonly terminal?: boolean;
  /** True when it keeps harm from others: it comes before everything that is meant to heal. */
  readonly protects?: boolean;
}

/** Everything a strategy may look at. */
export interface Context {
  readonly fleet: Fleet;
  readonly failure: Failure;
  /** The resource that failed. */
  readonly resource: ResourceId;
  readonly service: ServiceSpec | undefined;
  readonly spec: ResourceSpec | undefined;
  readonly slot: Slot | undefined;
  /** Instances of the service, the failed one among them. */
  readonly siblings: readonly Slot[];
  /** Resources it needs that are not well and that nobody has a failure for. */
  readonly suspects: readonly Slot[];
  /** So many crashes in a row put it into quarantine. */
  readonly crashesMax: number;
}

export function hooksOf(context: Context): HookSpecs | undefined {
  return context.service?.hooks ?? context.spec?.hooks;
}

export function isInstance({ slot }: Context): boolean {
  return slot !== undefined;
}

/** Nobody runs, so there is nobody to drain, to ask or to look at. */
export function isDead(context: Context): boolean {
  return context.slot !== undefined && context.slot.run === undefined;
}

/** It does not answer, so it cannot be asked to stop. */
export function isDeaf(failure: Failure): boolean {
  return failure.type === "hang" || failure.type === "unreachable";
}

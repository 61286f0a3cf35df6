import type { Instant } from "../kernel/index.ts";
import type { FailureType, Observation, Patience, Severity } from "../model/index.ts";

/** How much more patience than usual the machine asks for now. */
export type AskPatience = (now: Instant) => Patience;

/**
 * A detector judges the observations of one resource. It is pure: its state is handed in and is
 * its own to change; its opinion depends on nothing else.
 *
 * - `good`: this look shows that the resource is well, as far as failures of `types` go;
 * - `suspect`: not good, but not yet enough to call it a failure;
 * - `bad`: a failure, with its reason. Said again and again while it lasts.
 *
 * Where a resource has several of a kind (disks, kinds of work), each opinion is about one `part`,
 * and so is the failure: the others neither hide nor heal it.
 */
export type Opinion =
  | {
      readonly kind: "good" | "suspect";
      readonly types: readonly FailureType[];
      readonly part?: string;
    }
  | {
      readonly kind: "bad";
      readonly type: FailureType;
      readonly part?: string;
      readonly severity: Severity;
      readonly reason: string;
    };

/** Several where one look shows several things; what is bad stands before what is good. */
export type Opinions = Opinion | readonly Opinion[] | undefined;

export function listOf(opinions: Opinions): readonly Opinion[] {
  if (opinions === undefined) return none;
  return "kind" in opinions ? [opinions] : opinions;
}

const none: readonly Opinion[] = [];

export interface Foreseen {
  readonly series: string;
  readonly value: number;
  readonly limit: number;
  readonly reachesLimitInMs: number;
  /** What it will be when the limit is reached. */
  readonly leadsTo: FailureType;
}

export interface Detector<State = unknown> {
  readonly name: string;
  /** The sensors whose observations it wants. */
  readonly sensors: readonly string[] | "all";
  /** True when its memory goes on over a restart of the process. */
  readonly outlivesProcess: boolean;
  /** True when only its own opinion says whether a failure of its own is over. */
  readonly hearsItselfOnly?: boolean;
  /** True where good is not well: who hangs uses little, and has its port. */
  readonly provesNothing?: boolean;
  initial(): State;
  judge(state: State, observation: Observation, now: Instant): Opinions;
  /** What is on its way to a limit, whether that is near enough to be a failure or not. */
  foresee?(state: State, now: Instant): readonly Foreseen[];
  /** Judges silence: when it wants to be asked without an observation, and what it then says. */
  readonly silence?: {
    dueMs(state: State): number | undefined;
    judge(state: State, now: Instant): Opinion | undefined;
  };
}

import { formatDuration, type JsonRecord } from "../kernel/index.ts";
import type { ResourceId } from "./resource.ts";

/** One deed in the world, carried out by the effector of its kind. */
export interface Step {
  /** `start`, `stop`, `drain`, `scale`, `command`, ...: names an effector. */
  readonly kind: string;
  readonly resource: ResourceId;
  readonly parameters: JsonRecord;
  readonly deadlineMs: number;
  /** How long an answer "later" is accepted and asked again; without it "later" is a failure. */
  readonly patienceMs?: number;
  /** The plan goes on when it fails: it gathers evidence or is a courtesy. */
  readonly optional?: boolean;
  /**
   * What its undo needs, where that is known beforehand: then it is taken back also when it failed
   * half-way or never answered. Such an undo bears that nothing, a part or all of it was done.
   */
  readonly undo?: JsonRecord;
}

/** Ordered steps of one strategy against one incident (or at a person's request). */
export interface Plan {
  readonly id: string;
  readonly strategy: string;
  readonly resource: ResourceId;
  readonly cause: PlanCause;
  /** Why this strategy, now: the rule and the values behind the choice. */
  readonly reason: string;
  readonly steps: readonly Step[];
  /** An irreversible plan waits for approval, and for the journal to be on the disk. */
  readonly irreversible: boolean;
  /** A verdict "not healed" takes back what its steps did. A restart has nothing to take back. */
  readonly reverts: boolean;
  /** Whatever else has failed of its resource is untouched, and goes on being judged by itself. */
  readonly alone?: true;
  /** The restart policy asks for it, or for its end (quarantine): it counts in no budget. */
  readonly byPolicy?: true;
  /** A person asked for a start or a restart while the failure was open, which this carries out. */
  readonly askedBy?: string;
  /** Undefined: it is not meant to heal (quarantine, a start), so nothing is judged. */
  readonly watch?: Watch;
}

export type PlanCause =
  | { readonly kind: "failure"; readonly incident: string; readonly failure: string }
  | { readonly kind: "supervision" }
  | { readonly kind: "person"; readonly by: string };

/** How the verdict over a plan is reached. */
export interface Watch {
  /** So long must fresh observations stay good. */
  readonly windowMs: number;
  /** And so many of them there must be. */
  readonly goodMin: number;
  /** No verdict by then counts as "not healed". */
  readonly deadlineMs: number;
}

/** One attempt; a row of `recovery_actions`. */
export interface Action {
  readonly id: string;
  readonly plan: Plan;
  readonly at: number;
  readonly status: ActionStatus;
  /** What each step reported, in order; `undo` is what its undo needs. */
  readonly done: readonly StepDone[];
  /** Monotonic milliseconds; only meaningful within one life of the daemon. */
  readonly begunMs: number;
  /** What became of its waiting for a person. */
  readonly answer?: Answer;
  /**
   * While it waits for a person: what its steps would do, in their order, as their effectors have
   * looked; empty for a step that is a courtesy.
   */
  readonly preview?: readonly string[];
}

export type Answer =
  /** `at`: wall milliseconds; older journals do not say it. */
  | { readonly kind: "approved" | "dismissed"; readonly by: string; readonly at?: number }
  /** Nobody was asked any more. */
  | { readonly kind: "withdrawn" };

/** A step in a few words, for people. */
export function describeStep({ kind, resource, parameters }: Step): string {
  const { hook, places, root } = parameters;
  // Older journals have a step for each place.
  const cleaned = places ?? (root === undefined ? [] : [parameters]);
  const what = Array.isArray(cleaned) ? (cleaned as readonly JsonRecord[]).map(placeText) : [];
  // Whose it is says the resource already.
  if (typeof hook === "string") what.push(hook.slice(hook.lastIndexOf("#") + 1));
  return [`${kind} ${resource}`, what.join(", ")].filter((part) => part !== "").join(": ");
}

/** A place that is to be cleaned. */
function placeText({ root, pattern, olderThanMs }: JsonRecord): string {
  const words = [root, pattern].filter((each) => typeof each === "string");
  if (typeof olderThanMs === "number") words.push(`older than ${formatDuration(olderThanMs)}`);
  return words.join(" ");
}

export interface StepDone {
  readonly step: number;
  readonly detail: string;
  readonly undo?: JsonRecord;
}

export type ActionStatus =
  | { readonly kind: "waiting_for_approval" }
  | { readonly kind: "initiated" }
  | { readonly kind: "in_progress"; readonly step: number }
  | { readonly kind: "succeeded"; readonly elapsedMs: number }
  /** Without a time: the daemon ended in the middle of it, and nobody has seen its end. */
  | { readonly kind: "failed"; readonly elapsedMs?: number; readonly reason: string }
  | { readonly kind: "rolling_back"; readonly step: number; readonly reason: string }
  | { readonly kind: "rolled_back"; readonly elapsedMs: number; readonly reason: string };

/** Why an action that a dead daemon had begun is not gone on with. Its plan may be made again. */
export const interrupted = "the daemon ended in the middle of it";

/** Whatever its steps touch: nothing else is done to any of it meanwhile. */
export function touchedBy({ resource, steps }: Plan): ReadonlySet<ResourceId> {
  return new Set([resource, ...steps.map((step) => step.resource)]);
}

/** One recovery action that counted against the budgets. */
export interface Spent {
  readonly resource: ResourceId;
  /** What else it touched. */
  readonly others?: readonly ResourceId[];
  /** Wall milliseconds. */
  readonly at: number;
}

/** Nothing more will happen to it by itself. */
export function isFinished(action: Action): boolean {
  const kind = action.status.kind;
  return kind === "succeeded" || kind === "failed" || kind === "rolled_back";
}

/** What an effector is told to do, and its answer. */
export interface Command {
  readonly id: string;
  readonly phase: "precheck" | "act" | "undo";
  readonly action: string;
  readonly step: Step;
  /** The `undo` record of the step that is being undone. */
  readonly undo?: JsonRecord;
  /** The journal has its plan and its action already: it need not wait for another entry. */
  readonly announced: boolean;
  /** True when the journal must be on the disk before this runs. */
  readonly afterSync: boolean;
}

export interface CommandDone {
  readonly command: string;
  readonly result: StepResult;
}

export type StepResult =
  | { readonly kind: "done"; readonly detail: string; readonly undo?: JsonRecord }
  /** Nothing was done: it may not, or cannot, be tried. */
  | { readonly kind: "refused"; readonly reason: string }
  /** Tried and did not work; how far it came is not known. */
  | { readonly kind: "failed"; readonly reason: string }
  /** Cannot be tried now; worth trying again when `untilMs` has passed (a held port, say). */
  | { readonly kind: "later"; readonly reason: string; readonly retryAfterMs: number };

/** Proof that a recovery helped, or that it did not. */
export interface Verdict {
  readonly at: number;
  readonly failure: string;
  /** Undefined when it got well by itself. */
  readonly action?: string;
  readonly healed: boolean;
  readonly reason: string;
  /** From the failure to the first good observation of the clean window. */
  readonly healedAfterMs?: number;
  /** Nobody waits for it to get well any more; `reason` says why. */
  readonly givenUp?: true;
}

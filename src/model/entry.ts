import type { Mode } from "../kernel/index.ts";
import type { Action, Plan, Verdict } from "./action.ts";
import type { Failure } from "./failure.ts";
import type { Incident } from "./incident.ts";
import type { ProgramFiles } from "./observation.ts";
import type { ProcessIdentity, ResourceId } from "./resource.ts";
import type { Relapse, Scaled } from "./tried.ts";

/**
 * What the journal holds: every decision and every deed, written before the next step begins.
 * Tables, incidents, experience and the state after a restart are all derived from these.
 */
export type Entry =
  | { readonly kind: "daemon_started"; readonly version: string; readonly pid: number }
  | { readonly kind: "daemon_stopped"; readonly reason: string }
  | { readonly kind: "fleet_loaded"; readonly hash: string; readonly changes: readonly string[] }
  | { readonly kind: "fleet_refused"; readonly errors: readonly string[] }
  | {
      readonly kind: "mode_changed";
      readonly scope: string;
      readonly mode: Mode;
      readonly by: string;
    }
  | { readonly kind: "process_started"; readonly run: ProcessRun; readonly adopted: boolean }
  | { readonly kind: "process_exited"; readonly exit: ProcessExit }
  | { readonly kind: "failure_raised"; readonly failure: Failure }
  | { readonly kind: "failure_resolved"; readonly failure: string; readonly reason: string }
  | { readonly kind: "incident"; readonly incident: Incident }
  | { readonly kind: "plan"; readonly plan: Plan }
  /** A plan that would have been made, and why it was not. */
  | {
      readonly kind: "withheld";
      readonly incident: string;
      readonly strategy: string;
      readonly reason: string;
      /** What would have been done, step by step. */
      readonly steps?: readonly string[];
    }
  | { readonly kind: "action"; readonly action: Action }
  | { readonly kind: "verdict"; readonly verdict: Verdict }
  | { readonly kind: "relapse"; readonly relapse: Relapse }
  /** `anew`: a person has asked for it, or its spec is another; what was tried counts no more. */
  | { readonly kind: "supervision"; readonly slot: SlotRecord; readonly anew?: true }
  /** How many instances a service has beyond those that are declared. */
  | { readonly kind: "scaled"; readonly scaled: Scaled }
  | {
      readonly kind: "request";
      readonly by: string;
      readonly what: string;
      readonly resource?: ResourceId;
    }
  /** Entries were lost between two that follow each other; how many and why. */
  | { readonly kind: "gap"; readonly lost: number; readonly reason: string };

export interface ProcessRun {
  readonly resource: ResourceId;
  readonly process: ProcessIdentity;
  readonly port?: number;
  readonly specHash: string;
}

export interface ProcessExit {
  readonly resource: ResourceId;
  readonly process: ProcessIdentity;
  readonly code: number | null;
  readonly signal: string | null;
  readonly uptimeMs: number;
  readonly expected: boolean;
}

/** What supervision must remember of an instance over a restart of the daemon. */
export interface SlotRecord {
  readonly resource: ResourceId;
  readonly desired: "running" | "stopped";
  readonly quarantined: boolean;
  readonly crashes: number;
  /** The spec that it is to run. */
  readonly specHash: string;
  /** What the fleet file declared then, where that is not what it was to run. */
  readonly declaredHash?: string;
  /** It has exited, and its restart policy lets it rest. */
  readonly ended?: true;
  readonly end?: SlotEnd;
  /** The last spec under which it had a healthy run. */
  readonly goodHash?: string;
  /** Since its last healthy run it has failed: the program as it was when it did so last. */
  readonly program?: ProgramFiles;
}

export interface SlotEnd {
  /** Wall milliseconds. */
  readonly at: number;
  /** Null also where a signal ended it. */
  readonly code: number | null;
  /** It was found gone: nobody knows how, and it may have been earlier. */
  readonly isUnseen?: true;
}

/** An entry in its place in the chain. */
export interface SealedEntry {
  /** Counts from 1 without holes. */
  readonly position: number;
  readonly id: string;
  /** Wall milliseconds. */
  readonly at: number;
  readonly entry: Entry;
  /** HMAC over position, id, time, content and the seal before: edits and cuts are found. */
  readonly seal: string;
}

/**
 * An operation as those see it who do a part of its work: `operation-core.ts` knows all of them,
 * and they know this much of it.
 */
import type {
  Breaker,
  BreakerPhase,
  CellRate,
  Classify,
  Decision,
  Judgement,
  Tools,
} from "../../resilience/index.ts";
import type { EngineEventHub, RecoverySuccess, RequestIds } from "../events.ts";
import type { Call, InFlight } from "./call.ts";
import type { CallPlan } from "./call-plan.ts";
import type { Deadlines } from "./deadlines.ts";
import type { PendingRetries } from "./pending-retries.ts";
import type { Pulse } from "./pulse.ts";
import type { SamplingMode } from "./sampling.ts";

/** What all operations of one engine share. */
export interface Shared {
  readonly tools: Tools;
  readonly pulse: Pulse;
  readonly deadlines: Deadlines;
  readonly events: EngineEventHub;
  readonly classify: Classify;
  readonly sampling: SamplingMode;
  readonly pending: PendingRetries;
  /** A circuit has changed its phase. */
  readonly moved: (name: string, to: BreakerPhase) => void;
}

export interface WorkingOperation {
  readonly name: string;
  readonly shared: Shared;
  readonly plan: CallPlan;
  readonly breaker: Breaker;
  readonly inFlight: InFlight;
  /** What its callers have given up, and still burdens the dependency. */
  readonly late: InFlight;
  /** Undefined: no limit per second. */
  readonly pace: Pace | undefined;
  /** Calls that the dependency is at work for. */
  readonly occupied: number;
  /** So many wait for their turn. */
  readonly waiting: number;
  /** It has answered with a promise before: its callers can wait. */
  readonly answersLater: boolean;
  /** An attempt begins. The call has been counted by whoever admitted it. */
  start(ticket: number): Call;
  workRejected(call: Call, error: unknown): Judgement | undefined;
  /** The work has failed, or its time is over. `elapsedMs` below zero: it was not timed. */
  attemptFailed(call: Call, error: unknown, elapsedMs: number): Judgement;
  callFailed(outcome: Outcome, judgement: Judgement): void;
  decided(decision: Decision, enforced: boolean): void;
  recovered(by: RecoverySuccess["by"], attempts: number, elapsedMs?: number): void;
  /** Waits for a place; returns how to give up, or undefined: so many wait already. */
  enqueue(begin: () => void): (() => void) | undefined;
}

export interface Pace {
  readonly perSecond: number;
  readonly rate: CellRate;
}

export interface Outcome {
  readonly error: unknown;
  readonly attempts: number;
  readonly elapsedMs: number;
  readonly ids?: RequestIds | undefined;
}

/**
 * What supervision knows of each instance: what it should be, what runs, and how it has fared.
 *
 * S1. The first restart after a healthy run has no delay; each further crash doubles it.
 * S2. A healthy run, ready and `healthyRunMs` long, resets the count and makes its spec the last
 *     good one.
 * S3. Quarantine is left only by another spec, another binary, or a person.
 */
import type { Fleet, ServiceSpec } from "../config/index.ts";
import { type Instant, jittered, type Random } from "../kernel/index.ts";
import {
  type ExitedReading,
  instanceId,
  type ProgramFiles,
  type ResourceId,
  type SlotEnd,
  type SlotRecord,
  type StartedReading,
  sameProcess,
} from "../model/index.ts";

export interface Slot {
  readonly resource: ResourceId;
  readonly service: string;
  readonly number: number;
  desired: "running" | "stopped";
  /** A person has told this daemon so: what it hears of the past later says nothing against it. */
  isAsked: boolean;
  /** Nobody wants it stopped, but the fleet does not want it: it runs again when the fleet does. */
  surplus: boolean;
  run: Running | undefined;
  /** It is to run, and is not started before these are ready; since when, monotonic. */
  waiting: { readonly needs: readonly string[]; readonly sinceMs: number } | undefined;
  starts: number;
  /** Exits in a row without a healthy run. */
  crashes: number;
  quarantine: { readonly specHash: string; readonly reason: string } | undefined;
  /** The program as it was when it failed last; what it wrote itself while it ran is in that. */
  program: ProgramFiles | undefined;
  /** The last spec under which it had a healthy run. */
  goodHash: string | undefined;
  /** Set by a rollback: the spec to run instead of the declared one. */
  pinnedHash: string | undefined;
  /** A person asked for a restart. */
  restartBy: string | undefined;
  /** Starts and stops of supervision that failed in a row, and when the next may be tried. */
  failedDeeds: number;
  deedDueMs: number;
  /** It exited and its restart policy lets it rest. */
  ended: boolean;
  /** How that was; older journals do not say it. */
  end: SlotEnd | undefined;
  /** Its process ended by itself: what that has started may live on. */
  mayLeave: boolean;
  /** It is not ready: requests are kept away from it. Ends with its process. */
  ejected: boolean;
  /** An older process lives beside the one that runs: a daemon died while it replaced it. */
  isDoubled: boolean;
  /** The spec that the fleet file declared last. */
  declaredHash: string | undefined;
}

export interface Running {
  readonly started: StartedReading;
  /** Wall milliseconds. */
  readonly sinceAt: number;
  readonly sinceMs: number;
  ready: boolean;
}

const backoffBaseMs = 250;

export function createSlot(service: string, number: number): Slot {
  return {
    resource: instanceId(service, number),
    service,
    number,
    desired: "running",
    isAsked: false,
    surplus: false,
    run: undefined,
    waiting: undefined,
    starts: 0,
    crashes: 0,
    quarantine: undefined,
    program: undefined,
    goodHash: undefined,
    pinnedHash: undefined,
    restartBy: undefined,
    failedDeeds: 0,
    deedDueMs: 0,
    ended: false,
    mayLeave: false,
    end: undefined,
    ejected: false,
    isDoubled: false,
    declaredHash: undefined,
  };
}

/** One that runs already is replaced by it, and may have run well until now (S2). */
export function noteStarted(
  slot: Slot,
  started: StartedReading,
  { now, fleet }: { readonly now: Instant; readonly fleet: Fleet },
): void {
  const before = slot.run?.started;
  if (slot.run) noteRun(slot, now.monotonicMs - slot.run.sinceMs, fleet);
  // Who is renewed by this daemon has a plan that ends the older one.
  if (before && started.adopted) slot.isDoubled = !sameProcess(before.process, started.process);
  slot.ejected = false;
  slot.run = {
    started,
    sinceAt: started.startedAt ?? now.wallMs,
    sinceMs: now.monotonicMs,
    ready: started.adopted,
  };
  if (!started.adopted) slot.starts += 1;
}

/** What supervision could not do is tried again, each time later. */
export function noteDeed(slot: Slot, helped: boolean, due: DeedPause): void {
  slot.failedDeeds = helped ? 0 : slot.failedDeeds + 1;
  const pauseMs = Math.min(backoffBaseMs * 2 ** slot.failedDeeds, due.pauseMaxMs);
  slot.deedDueMs = helped ? 0 : due.nowMs + pauseMs;
}

interface DeedPause {
  readonly nowMs: number;
  readonly pauseMaxMs: number;
}

/**
 * False when it was not the process that the slot runs. What nobody knew to run, and was not to
 * end, has ended while no daemon lived: that counts like any other exit.
 */
export function noteExited(slot: Slot, exited: ExitedReading, fleet: Fleet): boolean {
  const { run } = slot;
  slot.isDoubled = false;
  if (run === undefined ? exited.expected : !sameProcess(run.started.process, exited.process)) {
    return false;
  }
  noteRun(slot, exited.uptimeMs, fleet);
  slot.program = exited.program;
  if (!exited.expected && exited.uptimeMs < fleet.budgets.healthyRunMs) slot.crashes += 1;
  slot.run = undefined;
  slot.mayLeave = !exited.expected;
  slot.ejected = false;
  return true;
}

/** It died before it could begin: that counts as a crash, so that trying has its bounds. */
export function noteFailedStart(slot: Slot): void {
  if (slot.run === undefined) slot.crashes += 1;
}

/** Keeps S2; called when a run ends and when somebody needs to know. */
export function noteRun(slot: Slot, uptimeMs: number, fleet: Fleet): void {
  if (!slot.run?.ready || uptimeMs < fleet.budgets.healthyRunMs) return;
  slot.crashes = 0;
  slot.goodHash = slot.run.started.specHash;
}

/** It gets its share of the requests. */
export function isServing(slot: Slot): boolean {
  return slot.run?.ready === true && !slot.ejected && slot.desired === "running";
}

/** The spec that the slot should run. */
export function wantedHash(slot: Slot, service: ServiceSpec): string {
  return slot.pinnedHash ?? service.hash;
}

/** Pause before the next start. */
export function backoffMs(slot: Slot, fleet: Fleet, random: Random): number {
  if (slot.crashes <= 1) return 0;
  const delayMs = Math.min(backoffBaseMs * 2 ** (slot.crashes - 2), fleet.budgets.coolDownMaxMs);
  return jittered(random, delayMs, 0.2);
}

/** What is to be remembered over a restart of the daemon. */
export function recordOf(slot: Slot, service: ServiceSpec): SlotRecord {
  return {
    resource: slot.resource,
    desired: slot.surplus ? "running" : slot.desired,
    quarantined: slot.quarantine !== undefined,
    crashes: slot.crashes,
    specHash: wantedHash(slot, service),
    ...(slot.pinnedHash === undefined ? {} : { declaredHash: service.hash }),
    ...(slot.ended ? { ended: true } : {}),
    ...(slot.ended && slot.end ? { end: slot.end } : {}),
    ...(slot.goodHash === undefined ? {} : { goodHash: slot.goodHash }),
    ...((slot.quarantine || slot.crashes > 0) && slot.program ? { program: slot.program } : {}),
  };
}

/** What the fleet file declared when it was written down. */
export function declaredHashOf({ declaredHash, specHash }: SlotRecord): string {
  return declaredHash ?? specHash;
}

/** Pins and quarantine hold as long as the fleet file declares what it declared then. */
export function restoreSlot(slot: Slot, record: SlotRecord, service: ServiceSpec): void {
  slot.desired = record.desired;
  slot.crashes = record.crashes;
  slot.goodHash = record.goodHash;
  slot.ended = record.ended === true;
  slot.end = record.end;
  // Also what crashed and was not to be started yet when that daemon ended.
  slot.mayLeave = slot.ended || record.quarantined || record.desired === "running";
  slot.program = record.program;
  if (declaredHashOf(record) !== service.hash) {
    // Its crashes were those of another spec, as when the file changes in quarantine.
    if (record.quarantined) slot.crashes = 0;
    return;
  }
  slot.declaredHash = service.hash;
  if (record.specHash !== service.hash) slot.pinnedHash = record.specHash;
  if (record.quarantined) {
    const reason = "since before this daemon began";
    slot.quarantine = { specHash: service.hash, reason };
  }
}

/** The fleet wants it, or does no more; what a person has stopped stays stopped. */
export function want(slot: Slot, isWanted: boolean): void {
  if (isWanted && slot.surplus) slot.desired = "running";
  slot.surplus = !isWanted && (slot.surplus || slot.desired === "running");
  if (!isWanted) slot.desired = "stopped";
}

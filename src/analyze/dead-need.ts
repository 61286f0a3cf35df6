/**
 * Does something fail because what it depends on is down? That is said only from evidence: a thing
 * that it needs has an open failure that leaves nobody to answer. A service is down when all of
 * its declared instances are; one of two that is ill is no excuse for its dependents.
 *
 * What fails for this reason is not ill itself, so it gets a type of its own, `dependency_down`:
 * its incident is that of the cause, and restarting it would heal nothing.
 */
import type { Fleet, Topology } from "../config/index.ts";
import { type Failure, type FailureType, instanceId, type ResourceId } from "../model/index.ts";
import type { Opinion } from "./detector.ts";

/** Nobody answers there, or nobody answers rightly. */
export const leavesNobody: ReadonlySet<FailureType> = new Set<FailureType>([
  "process_exited",
  "crash_loop",
  "start_failed",
  "start_timeout",
  "port_conflict",
  "hang",
  "check_failed",
  "unreachable",
  "heartbeat_missed",
  "self_isolated",
]);

/** What may as well be the doing of a thing that is needed. */
const excusable: ReadonlySet<FailureType> = new Set<FailureType>([
  "hang",
  "check_failed",
  "unreachable",
  "slow",
  "stalled_work",
  "not_ready",
]);

export interface Surroundings {
  readonly fleet: Fleet;
  readonly topology: Topology;
  openOf(resource: ResourceId): Iterable<Failure>;
}

type Bad = Extract<Opinion, { kind: "bad" }>;

/** The opinion as it is, or `dependency_down` with the dead need as its reason. */
export function blameDeadNeed(
  around: Surroundings,
  resource: ResourceId,
  heard: { readonly opinion: Bad; readonly detector: string },
): Bad {
  const { opinion, detector } = heard;
  // That the kernel has stopped a process is nobody else's doing.
  if (!excusable.has(opinion.type) || detector === "stopped") return opinion;
  const cause = deadNeedOf(around, resource);
  if (cause === undefined) return opinion;
  const reason = `${opinion.reason}; it needs ${cause.resource}: ${cause.reason}`;
  return { kind: "bad", type: "dependency_down", severity: opinion.severity, reason };
}

function deadNeedOf(around: Surroundings, resource: ResourceId): Failure | undefined {
  for (const need of around.topology.needs(resource) as ReadonlySet<ResourceId>) {
    const failure = need.startsWith("service/")
      ? downService(around, need.slice("service/".length))
      : need.startsWith("instance/")
        ? undefined
        : downFailure(around, need);
    if (failure) return failure;
  }
  return undefined;
}

function downService(around: Surroundings, name: string): Failure | undefined {
  let first: Failure | undefined;
  for (let number = 1; number <= (around.fleet.services[name]?.instances ?? 0); number += 1) {
    const failure = downFailure(around, instanceId(name, number));
    if (failure === undefined) return undefined;
    first ??= failure;
  }
  return first;
}

function downFailure(around: Surroundings, resource: ResourceId): Failure | undefined {
  for (const failure of around.openOf(resource)) if (leavesNobody.has(failure.type)) return failure;
  return undefined;
}

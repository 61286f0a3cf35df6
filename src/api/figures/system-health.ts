/**
 * Is all well? One check for every service and watched resource, and two for the daemon itself.
 * The worst decides; what has not been looked at yet is not proven well, so it counts as degraded,
 * and so does a watched resource that is away and matters little (`severity` low or medium).
 *
 * C1. No two checks have one name: those of the fleet are `kind/name`, the daemon's own are words.
 */
import { messageOf } from "../../kernel/index.ts";
import type { ResourceView, ServiceState } from "../../loop/index.ts";
import { type Health, severityRank } from "../../model/index.ts";
import { defined } from "../defined.ts";
import type { House } from "../house.ts";

export type Status = "healthy" | "degraded" | "unhealthy";

export interface Check {
  readonly name: string;
  readonly status: Status;
  /** Milliseconds that the check took; 0 for what is known without asking. */
  readonly latency: number;
  readonly message?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export interface SystemHealth {
  readonly overall: Status;
  readonly checks: readonly Check[];
  readonly timestamp: number;
}

const ofService: Readonly<Record<ServiceState, Status>> = {
  healthy: "healthy",
  starting: "degraded",
  degraded: "degraded",
  stopped: "degraded",
  unhealthy: "unhealthy",
  quarantined: "unhealthy",
};

const ofResource: Readonly<Record<Health, Status>> = {
  healthy: "healthy",
  unknown: "degraded",
  degraded: "degraded",
  unhealthy: "unhealthy",
};

const storeSlowMs = 100;
const loopSlowMs = 100;

export async function lookAtHealth(house: House): Promise<SystemHealth> {
  const watched = house.resources();
  const services = serviceChecks(house);
  const own = [await checkStore(house), checkLoop(house)];
  const statuses = [...services, ...own].map(({ status }) => status);
  const overall = worst([...statuses, ...watched.map(weightOf)]);
  const checks = [...services, ...watched.map(resourceCheck), ...own];
  return { overall, checks, timestamp: house.clock.now().wallMs };
}

/** The check beside it says what it is, whatever that counts for the whole. */
function weightOf({ health, severity }: ResourceView): Status {
  const mattersLittle = severityRank[severity] < severityRank.high;
  return health === "unhealthy" && mattersLittle ? "degraded" : ofResource[health];
}

function serviceChecks(house: House): readonly Check[] {
  return house.services().map((service): Check => {
    const { resource, state, rests, instances, restarts } = service;
    const reason = instances.find((instance) => instance.reason !== null)?.reason ?? undefined;
    return {
      name: resource,
      status: rests ? "healthy" : ofService[state],
      latency: 0,
      message: reason ?? state,
      metadata: { kind: "service", state, restarts, instances: instances.length },
    };
  });
}

function resourceCheck({ resource, kind, health, severity, reason }: ResourceView): Check {
  const message = reason ?? (health === "unknown" ? "not looked at yet" : undefined);
  return {
    name: resource,
    status: ofResource[health],
    latency: 0,
    metadata: { kind, severity },
    ...defined({ message }),
  };
}

/** Asks for the last entry: the journal is what everything else depends on. */
export async function checkStore(house: House): Promise<Check> {
  const begunMs = house.clock.now().monotonicMs;
  const elapsedMs = (): number => house.clock.now().monotonicMs - begunMs;
  try {
    const last = await house.store.last();
    const latency = elapsedMs();
    const { kept } = house.self();
    if (kept !== "store") {
      return {
        name: "store",
        status: "degraded",
        latency,
        message: `the journal is kept in ${kept}`,
      };
    }
    const status = latency < storeSlowMs ? "healthy" : "degraded";
    return { name: "store", status, latency, metadata: { position: last?.position ?? 0 } };
  } catch (error) {
    // A store that is away is an answer; the loop goes on without it.
    const message = `${messageOf(error)}; the journal is kept in ${house.self().kept}`;
    return { name: "store", status: "unhealthy", latency: elapsedMs(), message };
  }
}

/** Does the event loop come round in time, and is everything taken in? */
export function checkLoop(house: House): Check {
  const { loopDelayP99Ms, losses, queued } = house.self();
  const lost = losses.inputs + losses.metricRows;
  return {
    name: "loop",
    status: loopDelayP99Ms < loopSlowMs ? "healthy" : "degraded",
    latency: loopDelayP99Ms,
    metadata: { queued, lostInputs: losses.inputs, lostMetricRows: losses.metricRows },
    ...(lost > 0 ? { message: `${lost} inputs or metric rows were lost` } : {}),
  };
}

function worst(statuses: readonly Status[]): Status {
  if (statuses.includes("unhealthy")) return "unhealthy";
  return statuses.includes("degraded") ? "degraded" : "healthy";
}

/** Why a fleet is not calm: what the drill waits for before it breaks something (D1). */
import type { InstanceView, ServiceView } from "../../loop/index.ts";
import type { Action, Incident } from "../../model/index.ts";

/** Longer than `healthy_run` of the example fleet: what comes sooner is taken for a relapse. */
const usualRunMs = 6000;

interface SeenService extends Pick<ServiceView, "name" | "state" | "reason"> {
  readonly instances: readonly Pick<InstanceView, "startedAt">[];
}

type SeenIncident = Pick<Incident, "id" | "cause" | "state">;

export interface FleetSeen {
  readonly services: readonly SeenService[];
  readonly live: readonly SeenIncident[];
  readonly underWay: readonly { readonly plan: Pick<Action["plan"], "strategy" | "resource"> }[];
  /** The newest incident, whatever became of it. */
  readonly last: SeenIncident | undefined;
  readonly nowMs: number;
}

/** The first thing that is not as a fault at night would meet it; undefined when it is calm. */
export function unrestOf(seen: FleetSeen): string | undefined {
  const { services, live, underWay, last, nowMs } = seen;
  const unwell = services.find(({ state }) => state !== "healthy");
  if (unwell !== undefined) {
    return `${unwell.name} is ${unwell.state}${unwell.reason === null ? "" : `: ${unwell.reason}`}`;
  }
  const isYoung = (startedAt: number | null): boolean =>
    startedAt === null || nowMs - startedAt < usualRunMs;
  const young = services.find(({ instances }) => instances.some((one) => isYoung(one.startedAt)));
  if (young !== undefined) return `${young.name} was started a moment ago`;
  const [incident] = live;
  if (incident !== undefined) return `incident ${incident.id} of ${incident.cause} is not over`;
  const [action] = underWay;
  if (action !== undefined)
    return `${action.plan.strategy} is under way at ${action.plan.resource}`;
  if (last?.state.kind === "resolved" && nowMs - last.state.at < usualRunMs) {
    return `incident ${last.id} of ${last.cause} was over a moment ago`;
  }
  return undefined;
}

/** Everything that `status` and the page show first, from memory and one or two short queries. */
import type { Mode } from "../../kernel/index.ts";
import type { ResourceView, ServiceView } from "../../loop/index.ts";
import type { Incident, Kept } from "../../model/index.ts";
import type { House } from "../house.ts";
import { doing, judgeFleet, type VerdictSentence, verbOf } from "./verdict-sentence.ts";

export interface IncidentSummary extends Incident {
  /** What it is and what is being done, in a few words. */
  readonly summary: string;
  /** Of its victims those that are not over. */
  readonly openVictims: number;
}

export interface Overview {
  readonly fleet: string;
  readonly version: string;
  readonly at: number;
  readonly startedAt: number;
  readonly mode: Mode;
  readonly verdict: VerdictSentence;
  readonly services: readonly ServiceView[];
  readonly resources: {
    readonly total: number;
    readonly healthy: number;
    /** At most 100. */
    readonly unwell: readonly ResourceView[];
  };
  readonly incidents: readonly IncidentSummary[];
  readonly waitingForApproval: number;
  readonly journal: { readonly kept: Kept; readonly position: number | null };
}

const unwellMax = 100;

export async function takeOverview(house: House): Promise<Overview> {
  const resources = house.resources();
  const unwell = resources.filter(({ health }) => health !== "healthy");
  const live = house.liveIncidents();
  // Side by side: while the store hangs each of them takes as long as it may.
  const [strategies, position] = await Promise.all([strategiesOf(house, live), positionOf(house)]);
  const strategyOf = (action: string): string | undefined => strategies.get(action);
  const failures = house.openFailures();
  return {
    fleet: house.fleetName,
    version: house.version,
    at: house.clock.now().wallMs,
    startedAt: house.startedAt,
    mode: house.mode(),
    verdict: judgeFleet(house, strategyOf),
    services: house.services(),
    resources: {
      total: resources.length,
      healthy: resources.length - unwell.length,
      unwell: unwell.slice(0, unwellMax),
    },
    incidents: live.map((incident) => ({
      ...incident,
      summary: `${verbOf(incident, failures)}; ${doing(incident, strategyOf)}`,
      openVictims: failures.filter(({ id }) => incident.victims.includes(id)).length,
    })),
    waitingForApproval: house
      .actionsUnderWay()
      .filter(({ status }) => status.kind === "waiting_for_approval").length,
    journal: { kept: house.self().kept, position },
  };
}

/** Of the actions that live incidents speak of. A store that is away leaves them unnamed. */
async function strategiesOf(
  house: House,
  incidents: readonly Incident[],
): Promise<ReadonlyMap<string, string>> {
  const known = new Map(house.actionsUnderWay().map(({ id, plan }) => [id, plan.strategy]));
  const named = incidents
    .slice(0, 20)
    .flatMap(({ state }) => ("action" in state && !known.has(state.action) ? [state.action] : []));
  const asked = [...new Set(named)].map((actionId) =>
    house.store.actions({ limit: 1, actionId }).catch(() => []),
  );
  for (const { actionId, actionStrategy } of (await Promise.all(asked)).flat()) {
    known.set(actionId, actionStrategy);
  }
  return known;
}

async function positionOf(house: House): Promise<number | null> {
  const last = await house.store.last().catch(() => undefined);
  return last?.position ?? null;
}

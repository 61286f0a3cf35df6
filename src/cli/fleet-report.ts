/** What `status`, `up` and `watch` show: asked for at once, so that it is one moment's picture. */
import type { ResourceView, ServiceView } from "../loop/index.ts";
import type { Incident, SteeredService } from "../model/index.ts";
import type { EngineReport } from "../targets/index.ts";
import type { DaemonClient } from "./daemon-client.ts";

/** An action that is not over, as the API tells it. */
export interface ActionUnderWay {
  readonly id: string;
  readonly at: number;
  readonly state: string;
  readonly strategy: string;
  readonly resource: string;
  readonly reason: string;
  readonly irreversible: boolean;
  readonly steps: readonly string[];
  /** What the first of them would do, while the action waits for approval. */
  readonly preview: readonly string[];
}

/** Of its victims, `openVictims` are not over. */
export interface LiveIncident extends Incident {
  readonly openVictims: number;
}

export interface FleetReport {
  readonly fleet: string;
  readonly version: string;
  readonly url: string;
  readonly mode: string;
  /** What differs from the fleet's mode, by scope. */
  readonly modes: Readonly<Record<string, string>>;
  readonly services: readonly ServiceView[];
  readonly resources: readonly ResourceView[];
  readonly incidents: readonly LiveIncident[];
  readonly actions: readonly ActionUnderWay[];
  /** What engines inside services tell. */
  readonly engines: readonly EngineReport[];
  /** What is wanted of them. */
  readonly steered: readonly SteeredService[];
  /** Undefined while the journal is kept in the store. */
  readonly journalTrouble?: string;
  /** The fleet file as it is now cannot be used: an older one is in force. Only `status` asks. */
  readonly fileTrouble?: string;
}

interface Health {
  readonly checks: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
  }[];
}

export async function askForReport(client: DaemonClient): Promise<FleetReport> {
  const [about, health, mode, services, resources, actions, engines, steered] = await Promise.all([
    client.get<Pick<FleetReport, "fleet" | "version" | "incidents">>("/api/v1/overview"),
    client.get<Health>("/api/v1/health"),
    client.get<{ mode: string; scopes: Record<string, string> }>("/api/v1/mode"),
    client.get<readonly ServiceView[]>("/api/v1/services"),
    client.get<readonly ResourceView[]>("/api/v1/resources"),
    client.get<readonly ActionUnderWay[]>("/api/v1/actions/under-way"),
    client.get<readonly EngineReport[]>("/api/v1/engines"),
    client.get<readonly SteeredService[]>("/api/v1/engines/wanted"),
  ]);
  const store = health.checks.find(({ name }) => name === "store");
  const trouble = store?.status === "healthy" ? undefined : (store?.message ?? store?.status);
  return {
    fleet: about.fleet,
    version: about.version,
    url: client.origin,
    mode: mode.mode,
    modes: mode.scopes,
    services,
    resources,
    incidents: about.incidents,
    actions,
    engines,
    steered,
    ...(trouble === undefined ? {} : { journalTrouble: trouble }),
  };
}

/** Undefined while the fleet file could be loaded; else what is wrong with it. */
export async function askForFileTrouble(client: DaemonClient): Promise<string | undefined> {
  const { changes } = await client.get<{ changes: readonly string[] }>("/api/v1/config/diff");
  const refused = changes.filter((line) => line.startsWith("refused: "));
  return refused.length === 0 ? undefined : refused.join("\n");
}

/** Nothing needs anybody's care. */
export function isAllWell(report: FleetReport): boolean {
  return (
    report.incidents.length === 0 &&
    report.journalTrouble === undefined &&
    report.services.every(({ state, rests, pinned }) => {
      return (state === "healthy" || rests) && !pinned;
    }) &&
    report.resources.every(({ health }) => health === "healthy" || health === "unknown")
  );
}

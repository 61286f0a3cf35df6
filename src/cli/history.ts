/**
 * What has happened, for `incidents`, `actions` and `show`: asked of the daemon, and where none
 * answers read from the store as it lies there. Nothing is written, and no daemon is needed.
 */
import { join } from "node:path";
import { SoulMirrorError } from "../kernel/index.ts";
import type { ResourceView, ServiceView } from "../loop/index.ts";
import type { ActionRow, FailureRow, Incident, SteeredService } from "../model/index.ts";
import type { EngineReport } from "../targets/index.ts";
import type { Context } from "./command.ts";
import { DaemonClient } from "./daemon-client.ts";
import type { ActionUnderWay } from "./fleet-report.ts";

export interface Story extends Incident {
  readonly victimRows: readonly FailureRow[];
  readonly actions: readonly ActionRow[];
  readonly timeline: readonly {
    readonly at: number;
    readonly kind: string;
    readonly text: string;
  }[];
}

/** Lists are newest first. What runs now is known only while a daemon answers. */
export interface History {
  incidents(limit: number, live: boolean): Promise<readonly Incident[]>;
  story(id: string): Promise<Story | undefined>;
  actions(limit: number): Promise<readonly ActionRow[]>;
  action(id: string): Promise<ActionRow | undefined>;
  underWay(): Promise<readonly ActionUnderWay[]>;
  failures(service: string): Promise<readonly FailureRow[]>;
  services(): Promise<readonly ServiceView[]>;
  /** What the engines in a service tell. */
  engines(service: string): Promise<readonly EngineReport[]>;
  /** What is wanted of them. */
  steered(service: string): Promise<readonly SteeredService[]>;
  resources(): Promise<readonly ResourceView[]>;
}

export const failuresShown = 100;

/** Throws DAEMON_AWAY where neither a daemon nor a store is. */
export async function withHistory<T>(
  context: Context,
  work: (history: History) => Promise<T>,
): Promise<T> {
  try {
    const client = DaemonClient.at(context.place);
    try {
      return await work(presentHistory(client));
    } finally {
      client.close();
    }
  } catch (error) {
    if (!(error instanceof SoulMirrorError) || error.code !== "DAEMON_AWAY") throw error;
    return await fromStore(context, error, work);
  }
}

async function fromStore<T>(
  { place, out }: Context,
  why: SoulMirrorError,
  work: (history: History) => Promise<T>,
): Promise<T> {
  // Only where it is needed: a daemon answers sooner than this is loaded.
  const { openPastHistory } = await import("./past-history.ts");
  const past = await openPastHistory(join(place.dataPath, "soulmirror.db"));
  if (past === undefined) throw why;
  out.note(`${why.message}. This is what the store says; \`soulmirror up\` starts a daemon.`);
  try {
    return await work(past);
  } finally {
    await past.close();
  }
}

function presentHistory(client: DaemonClient): History {
  const path = encodeURIComponent;
  return {
    incidents: (limit, live) =>
      client.get(`/api/v1/incidents?limit=${limit}${live ? "&live=true" : ""}`),
    story: (id) => unlessMissing(client.get<Story>(`/api/v1/incidents/${path(id)}`)),
    actions: (limit) => client.get(`/api/v1/actions?limit=${limit}`),
    action: (id) => unlessMissing(client.get<ActionRow>(`/api/v1/actions/${path(id)}`)),
    underWay: () => client.get("/api/v1/actions/under-way"),
    failures: (service) =>
      client.get(`/api/v1/failures?service=${path(service)}&limit=${failuresShown}`),
    services: () => client.get("/api/v1/services"),
    engines: (service) => client.get(`/api/v1/engines?service=${path(service)}`),
    steered: async (service) => {
      const all = await client.get<readonly SteeredService[]>("/api/v1/engines/wanted");
      return all.filter((each) => each.service === service);
    },
    resources: () => client.get("/api/v1/resources"),
  };
}

async function unlessMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    // It may be something else of that name.
    if (error instanceof SoulMirrorError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Api, startApi as openApi } from "../api/index.ts";
import type { Fleet } from "../config/index.ts";
import { type DataDirectory, writeDurably } from "../system/index.ts";
import type { DaemonHouse } from "./daemon-house.ts";
import type { DaemonLog } from "./daemon-log.ts";
import type { EngineAccess } from "./engine-access.ts";

export interface ApiServerOptions {
  readonly house: DaemonHouse;
  readonly directory: DataDirectory;
  readonly fleet: Fleet;
  readonly log: DaemonLog;
  readonly engines: EngineAccess;
}

/** The API on its port, with the token of the data directory. */
export async function startApi(options: ApiServerOptions): Promise<Api> {
  const { house, directory, fleet, log, engines } = options;
  const token = await tokenIn(directory.token);
  const { host, port } = fleet.api;
  const otherHosts = (): readonly string[] => house.hosts();
  const serviceOf = (given: string): string | undefined => engines.serviceOf(given);
  const complain = log.complain;
  const api = await openApi(house, { host, port, token, otherHosts, serviceOf, complain });
  engines.open({ host, port: api.port, token, state: directory.engine });
  return api;
}

/** Made once; whoever may read the data directory may act. */
async function tokenIn(path: string): Promise<string> {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const token = randomBytes(32).toString("base64url");
  await writeDurably(path, `${token}\n`, { mode: 0o600 });
  return token;
}

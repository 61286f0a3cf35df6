/** Agents of vaults go by the fleet that the daemon has, whatever becomes of the files. */
import { keepTakenFleet } from "../custodian/index.ts";
import type { DaemonLog } from "./daemon-log.ts";
import type { FleetSource } from "./fleet-source.ts";

/** Never rejects: without it, agents read the fleet files themselves. */
export async function keepForAgents(
  dataPath: string,
  { files, loaded }: Pick<FleetSource, "files" | "loaded">,
  log: Pick<DaemonLog, "complain">,
): Promise<void> {
  if (Object.keys(loaded?.fleet.vaults ?? {}).length === 0) return;
  await keepTakenFleet(dataPath, files).catch((error: unknown) =>
    log.complain("the agents of vaults go by the fleet files as they are", error),
  );
}

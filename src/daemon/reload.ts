/**
 * A change of the fleet files becomes a change of the fleet: all of it or, when the files cannot
 * be used, nothing of it.
 */
import { formatProblem } from "../config/index.ts";
import type { Conductor } from "../loop/index.ts";
import type { Entry, Kept } from "../model/index.ts";
import type { DaemonLog } from "./daemon-log.ts";
import type { FleetSource } from "./fleet-source.ts";
import type { SpecArchive } from "./spec-archive.ts";
import type { TargetSet } from "./target-set.ts";

export interface ReloadParts {
  readonly source: FleetSource;
  readonly archive: SpecArchive;
  readonly targets: TargetSet;
  readonly conductor: Conductor;
  readonly log: DaemonLog;
  readonly write: (entry: Entry) => Promise<Kept>;
}

export function createReload(parts: ReloadParts): () => Promise<void> {
  const { source, archive, targets, conductor, log, write } = parts;
  return async () => {
    const before = source.loaded?.fleet;
    const pending = source.pending();
    if (pending.ok && pending.value.length === 0) return;
    const result = source.load();
    if (!result.ok) {
      const errors = result.error.map(formatProblem);
      log.warn("fleet-refused", { errors });
      await write({ kind: "fleet_refused", errors });
      return;
    }
    const { fleet } = result.value;
    await archive.keep(fleet);
    const changes = pending.ok ? pending.value : [];
    log.info("fleet-loaded", { hash: fleet.hash, changes });
    await write({ kind: "fleet_loaded", hash: fleet.hash, changes });
    conductor.load(fleet);
    for (const name of Object.keys(before?.services ?? {})) {
      const isGone = fleet.services[name]?.listen === undefined;
      if (isGone) await targets.processes.forgetService(name);
    }
  };
}

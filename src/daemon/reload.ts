/**
 * A change of the fleet files becomes a change of the fleet: all of it or, when the files cannot
 * be used, nothing of it.
 *
 * R1. One reload after another: of two that overlap, the older must not win.
 * R2. The files are read once, when they have come to rest: what is told is what takes effect.
 * R3. It never rejects. A disk that does not take the archive of specifications is told, and keeps
 *     no fleet from changing.
 */
import { diffFleets, formatProblem } from "../config/index.ts";
import type { Conductor } from "../loop/index.ts";
import type { Entry, Kept } from "../model/index.ts";
import type { DataDirectory } from "../system/index.ts";
import type { DaemonLog } from "./daemon-log.ts";
import type { FleetSource } from "./fleet-source.ts";
import { keepForAgents } from "./keep-for-agents.ts";
import { type SpecArchive, specsNotKept } from "./spec-archive.ts";
import type { TargetSet } from "./target-set.ts";

export interface ReloadParts {
  readonly source: FleetSource;
  readonly archive: SpecArchive;
  readonly targets: TargetSet;
  readonly conductor: Conductor;
  readonly log: DaemonLog;
  readonly directory: Pick<DataDirectory, "root">;
  readonly write: (entry: Entry) => Promise<Kept>;
}

export function createReload(parts: ReloadParts): () => Promise<void> {
  let lane: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  const turn = async (): Promise<void> => {
    await parts.source.rested();
    // Who asks from here on may mean what is read too late for this one.
    next = undefined;
    await reload(parts);
  };
  return () => {
    next ??= lane = lane.then(turn).catch((error: unknown) => {
      next = undefined;
      parts.log.complain("the fleet files were not loaded", error);
    });
    return next;
  };
}

async function reload(parts: ReloadParts): Promise<void> {
  const { source, archive, targets, conductor, directory, log, write } = parts;
  const before = source.loaded?.fleet;
  const result = source.load();
  if (!result.ok) {
    const errors = result.error.map(formatProblem);
    log.warn("fleet-refused", { errors });
    await write({ kind: "fleet_refused", errors });
    return;
  }
  const { fleet } = result.value;
  const changes = before ? diffFleets(before, fleet).lines : [];
  if (changes.length === 0) return;
  await archive.keep(fleet).catch((error: unknown) => log.complain(specsNotKept, error));
  await keepForAgents(directory.root, source, log);
  log.info("fleet-loaded", { hash: fleet.hash, changes });
  await write({ kind: "fleet_loaded", hash: fleet.hash, changes });
  conductor.load(fleet);
  for (const name of Object.keys(before?.services ?? {})) {
    const next = fleet.services[name];
    if (next === undefined) targets.processes.forgetService(name);
    if (next?.listen === undefined) await targets.processes.forgetRoute(name);
  }
}

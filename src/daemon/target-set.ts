/** Every target that this daemon has: the one list of sensors and effectors, made and connected. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Fleet, findHook } from "../config/index.ts";
import type { Effector, Observation, ProcessRun, Report, Sensor } from "../model/index.ts";
import {
  listenEffector,
  ProxyKeeper,
  ProxyRouter,
  proxyGone,
  proxySensor,
  startProxyEffector,
} from "../platform/index.ts";
import { agentSocketName, vaultEffector } from "../platform/vault-agent/index.ts";
import { type DataDirectory, realClock, realTimers, writeDurably } from "../system/index.ts";
import {
  type Beats,
  Cgroups,
  createEffectors,
  createSensors,
  Heartbeats,
  ProcessTarget,
} from "../targets/index.ts";
import type { DaemonLog } from "./daemon-log.ts";
import type { EngineAccess } from "./engine-access.ts";
import type { SpecArchive } from "./spec-archive.ts";
import type { Teardown } from "./teardown.ts";

export interface TargetSet {
  readonly sensors: ReadonlyMap<string, Sensor>;
  readonly effectors: ReadonlyMap<string, Effector>;
  readonly processes: ProcessTarget;
  readonly proxy: ProxyKeeper;
  readonly heartbeats: Heartbeats;
  /** What runs already: to be observed before anything is started. */
  adopt(runs: readonly ProcessRun[]): Promise<readonly Observation[]>;
}

export interface TargetOptions {
  readonly directory: DataDirectory;
  readonly log: DaemonLog;
  readonly archive: SpecArchive;
  readonly teardown: Teardown;
  readonly fleet: Fleet;
  /** The one of the moment: what plans name is looked up in it. */
  readonly currentFleet: () => Fleet;
  readonly report: Report;
  readonly engines: EngineAccess;
}

const proxyStartMs = 8000;

/** Beats outlive the daemon in a file of the data directory. */
async function openHeartbeats(directory: DataDirectory, log: DaemonLog): Promise<Heartbeats> {
  const path = join(directory.run, "heartbeats.json");
  const heartbeats = new Heartbeats({
    clock: realClock,
    timers: realTimers,
    memory: {
      read: async () => JSON.parse(await readFile(path, "utf8").catch(() => "{}")) as Beats,
      write: async (beats) => await writeDurably(path, JSON.stringify(beats)),
    },
    complain: (what, why) => log.complain(what, why),
  });
  await heartbeats.load();
  return heartbeats;
}

export async function openTargets(options: TargetOptions): Promise<TargetSet> {
  const { directory, log, archive, teardown, currentFleet, report } = options;
  const proxy = new ProxyKeeper(
    new ProxyRouter(directory.socket("proxy.sock")),
    {
      socketPath: directory.socket("proxy.sock"),
      logPath: join(directory.logs, "proxy.log"),
      compileCachePath: join(directory.root, "compile-cache"),
    },
    () => report(proxyGone(realClock)),
  );
  teardown.add("the line to the proxy", () => proxy.release());
  const processes = new ProcessTarget({
    clock: realClock,
    timers: realTimers,
    report,
    router: proxy.router,
    specOf: (hash) => archive.specOf(hash),
    directory,
    environmentOf: (resource) => options.engines.environmentOf(resource),
    cgroups: new Cgroups(),
    note: (event, details) => log.info(event, details),
  });
  teardown.add("the watch on processes", () => processes.close());
  const heartbeats = await openHeartbeats(directory, log);
  teardown.add("the heartbeats", () => heartbeats.flush());
  const vaults = join(directory.root, "vault");
  const sensors = createSensors({ clock: realClock, environment: process.env, heartbeats, vaults });
  const effectors: readonly Effector[] = [
    ...processes.effectors(),
    ...createEffectors({
      clock: realClock,
      environment: process.env,
      hookOf: (reference) => findHook(currentFleet(), reference),
      protectedPaths: [directory.root],
    }),
    startProxyEffector(proxy, () => processes.declareRoutes()),
    listenEffector(proxy),
    vaultEffector((vault) => directory.socket(agentSocketName(vault))),
  ];
  const all = [...sensors, ...processes.sensors(), proxySensor(proxy, realClock)];
  return {
    sensors: new Map(all.map((sensor) => [sensor.kind, sensor])),
    effectors: new Map(effectors.map((effector) => [effector.kind, effector])),
    processes,
    proxy,
    heartbeats,
    async adopt(runs) {
      const hasFront = Object.values(options.fleet.services).some((service) => service.listen);
      // One that hangs is a failure like any other: the loop finds it, and replaces it.
      if (hasFront) {
        await proxy.ensure(proxyStartMs).catch((error: unknown) => {
          log.complain("the front proxy does not answer", error);
        });
      }
      return await processes.adopt(runs);
    },
  };
}

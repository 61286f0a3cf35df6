/** Every target that this daemon has: the one list of sensors and effectors, made and connected. */
import { join } from "node:path";
import { homedir } from "node:os";
import type { Fleet } from "../config/index.ts";
import type { Effector, Observation, Report, Sensor } from "../model/index.ts";
import {
  listenEffector,
  ProxyKeeper,
  ProxyRouter,
  proxySensor,
  startProxyEffector,
} from "../platform/index.ts";
import { type DataDirectory, realClock, realTimers } from "../system/index.ts";
import { Cgroups, createEffectors, createSensors, ProcessTarget } from "../targets/index.ts";
import type { DaemonLog } from "./daemon-log.ts";
import type { SpecArchive } from "./spec-archive.ts";
import type { Teardown } from "./teardown.ts";

export interface TargetSet {
  readonly sensors: ReadonlyMap<string, Sensor>;
  readonly effectors: ReadonlyMap<string, Effector>;
  readonly processes: ProcessTarget;
  readonly proxy: ProxyKeeper;
  /** What runs already: to be observed before anything is started. */
  adopt(): Promise<readonly Observation[]>;
}

export interface TargetOptions {
  readonly directory: DataDirectory;
  readonly log: DaemonLog;
  readonly archive: SpecArchive;
  readonly teardown: Teardown;
  readonly fleet: Fleet;
  readonly report: Report;
}

const proxyStartMs = 8000;

export async function openTargets(options: TargetOptions): Promise<TargetSet> {
  const { directory, log, archive, teardown, report } = options;
  const proxy = new ProxyKeeper(new ProxyRouter(directory.socket("proxy.sock")), {
    socketPath: directory.socket("proxy.sock"),
    logPath: join(directory.logs, "proxy.log"),
    compileCachePath: join(directory.root, "compile-cache"),
  });
  const processes = new ProcessTarget({
    clock: realClock,
    timers: realTimers,
    report,
    router: proxy.router,
    specOf: (hash) => archive.specOf(hash),
    directory,
    cgroups: new Cgroups(),
    note: (event, details) => log.info(event, details),
  });
  teardown.add("the watch on processes", () => processes.close());
  const sensors = createSensors({ clock: realClock });
  const effectors: readonly Effector[] = [
    ...processes.effectors(),
    ...createEffectors({
      clock: realClock,
      environment: process.env,
      protectedPaths: [directory.root, homedir()],
    }),
    startProxyEffector(proxy, () => processes.declareRoutes()),
    listenEffector(proxy),
  ];
  const all = [...sensors, ...processes.sensors(), proxySensor(proxy, realClock)];
  return {
    sensors: new Map(all.map((sensor) => [sensor.kind, sensor])),
    effectors: new Map(effectors.map((effector) => [effector.kind, effector])),
    processes,
    proxy,
    async adopt() {
      const hasFront = Object.values(options.fleet.services).some((service) => service.listen);
      if (hasFront) await proxy.ensure(proxyStartMs);
      return await processes.adopt([]);
    },
  };
}

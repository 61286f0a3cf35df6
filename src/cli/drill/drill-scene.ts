/**
 * The running fleet as faults see it: through the daemon's API, its data directory and its file.
 */
import { dirname } from "node:path";
import { armUndo, type Scene, type ServiceProcess } from "../../chaos/index.ts";
import type { Fleet } from "../../config/index.ts";
import { SoulMirrorError } from "../../kernel/index.ts";
import type { ServiceView } from "../../loop/index.ts";
import type { ProcessIdentity } from "../../model/index.ts";
import {
  createRealRandom,
  entryFile,
  isAlive,
  openDataDirectory,
  processIdentity,
  realClock,
} from "../../system/index.ts";
import { DaemonClient } from "../daemon-client.ts";
import { readDaemonNote } from "../daemon-note.ts";
import type { Place } from "../place.ts";
import { mustReadFleet } from "../read-fleet.ts";
import { startDaemon } from "../start-daemon.ts";
import type { Ground } from "./own-ground.ts";

export interface DrillScene {
  readonly scene: Scene;
  /** For the daemon that runs now. */
  readonly client: () => DaemonClient;
}

const notOwn =
  "only on a fleet that the drill has started itself: end the one that runs, then drill";
const startGraceMs = 2000;
const heldWaitMs = 20_000;

export async function openScene(place: Place, ground: Ground): Promise<DrillScene> {
  const { fleetPath, dataPath } = place;
  let cached: { readonly pid: number; readonly client: DaemonClient } | undefined;
  const client = (): DaemonClient => {
    const pid = readDaemonNote(dataPath)?.pid ?? 0;
    if (cached?.pid !== pid) cached = { pid, client: DaemonClient.at(place) };
    return cached.client;
  };
  const fleet = mustReadFleet({ path: fleetPath }).fleet;
  const directory = openDataDirectory(dataPath);
  const daemonFile = entryFile("daemon/main", import.meta.url).pathname;
  const scene: Scene = {
    fleet,
    fleetFile: fleetPath,
    dataDirectory: dataPath,
    directory: dirname(fleetPath),
    clock: realClock,
    random: createRealRandom(),
    processes: async (service) => await processesOf(client(), service),
    frontPort: (service) => portOf(fleet, service),
    daemon: () => daemonOf(dataPath),
    daemonStart: {
      command: [process.execPath, daemonFile, "--config", fleetPath, "--data", dataPath],
      cwd: process.cwd(),
      logPath: `${directory.logs}/daemon.out`,
      ...(ground.env ? { env: ground.env } : {}),
    },
    startDaemon: async () => await bringBack(place, ground),
    arm: armUndo,
    ...(ground.isOwn ? {} : { notOwn }),
    ...(ground.clockFile === undefined ? {} : { clockFile: ground.clockFile }),
    ...(ground.smallDisk === undefined ? {} : { smallDisk: ground.smallDisk }),
  };
  return { scene, client };
}

/** The foreground of `up` starts a daemon that died by itself; without one, we do. */
async function bringBack(place: Place, ground: Ground): Promise<void> {
  if (await appears(place.dataPath, ground.isOwn ? 0 : startGraceMs)) return;
  const { fleetPath, dataPath, port } = place;
  try {
    await startDaemon({ fleetPath, dataPath, port, progress: () => {} });
  } catch (error) {
    // The foreground was faster: its daemon holds the directory and will be ready soon.
    const isHeld = error instanceof SoulMirrorError && error.code === "DATA_DIRECTORY_HELD";
    if (!isHeld || !(await appears(dataPath, heldWaitMs))) throw error;
  }
}

async function appears(dataPath: string, withinMs: number): Promise<boolean> {
  const until = realClock.now().monotonicMs + withinMs;
  while (realClock.now().monotonicMs < until) {
    if (livingNote(dataPath)) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return livingNote(dataPath) !== undefined;
}

function livingNote(dataPath: string): ProcessIdentity | undefined {
  const note = readDaemonNote(dataPath);
  return note && isAlive(note) ? note : undefined;
}

function daemonOf(dataPath: string): ProcessIdentity {
  const note = livingNote(dataPath);
  if (note === undefined) throw new SoulMirrorError("DAEMON_AWAY", "the daemon is gone");
  return { pid: note.pid, startTicks: note.startTicks, bootId: note.bootId };
}

function portOf(fleet: Fleet, service: string): number {
  const spec = fleet.services[service];
  return spec?.listen?.port ?? Number(spec?.env["PORT"] ?? 0);
}

async function processesOf(client: DaemonClient, service: string): Promise<ServiceProcess[]> {
  const view = await client.get<ServiceView>(`/api/v1/services/${encodeURIComponent(service)}`);
  return view.instances.flatMap(({ number, pid, port }) => {
    const process = pid === null ? undefined : processIdentity(pid);
    if (process === undefined) return [];
    return [{ instance: `${service}.${number}`, process, ...(port === null ? {} : { port }) }];
  });
}

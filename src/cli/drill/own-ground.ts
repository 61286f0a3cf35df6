/**
 * Where the drill runs: on the fleet that is up already, or, when none is, on a copy of the example
 * in a folder of its own with a daemon of its own. Only there can the clock be moved and a small
 * disk be filled.
 */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fakeClock, mountSmallDisk } from "../../chaos/index.ts";
import { isAlive } from "../../system/index.ts";
import { readDaemonNote } from "../daemon-note.ts";
import { Place } from "../place.ts";

export interface Ground {
  readonly isOwn: boolean;
  readonly place: Place;
  readonly env?: Readonly<Record<string, string>>;
  readonly clockFile?: string;
  readonly smallDisk?: string;
  /** Removes what was made; the daemon and its services are stopped before. */
  clear(): Promise<void>;
}

const smallDiskBytes = 24 * 1024 * 1024;

export async function chooseGround(place: Place): Promise<Ground> {
  const note = readDaemonNote(place.dataPath);
  if (note && isAlive(note)) return { isOwn: false, place, clear: async () => {} };
  return await makeGround(place);
}

async function makeGround(place: Place): Promise<Ground> {
  const folder = mkdtempSync(join(tmpdir(), "soulmirror-drill-"));
  const example = join(folder, "fleet");
  const from = dirname(place.fleetPath);
  cpSync(from, example, {
    recursive: true,
    filter: (path) =>
      !path.startsWith(join(from, ".soulmirror")) && !path.startsWith(join(from, "data")),
  });
  const clockFile = join(folder, "clock");
  const env = fakeClock(clockFile);
  const smallDisk = await mountSmallDisk(join(example, "data", "trust"), smallDiskBytes);
  const config = join(example, basename(place.fleetPath));
  return {
    isOwn: true,
    place: new Place({ config, data: join(folder, "soulmirror"), port: place.port }),
    ...(env ? { env, clockFile } : {}),
    ...(smallDisk === undefined ? {} : { smallDisk: smallDisk.path }),
    async clear() {
      await smallDisk?.unmount();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

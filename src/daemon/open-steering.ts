/** What is wanted of engines, in a file of the data directory. */
import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { type DataDirectory, readPlainFile, realClock, writeDurably } from "../system/index.ts";
import type { DaemonLog } from "./daemon-log.ts";
import { EngineSteering } from "./engine-steering.ts";

export function openSteering(directory: DataDirectory, log: DaemonLog): EngineSteering {
  const path = join(directory.engine, "wishes.json");
  const steering = new EngineSteering({
    kept: existsSync(path) ? readPlainFile(path) : undefined,
    keep: (content) => writeDurably(path, content),
    wallMs: () => realClock.now().wallMs,
  });
  if (!steering.isReadable) {
    renameSync(path, `${path}.damaged`);
    const told = new Error(`what was wanted cannot be read; it was set aside as ${path}.damaged`);
    log.complain("engines in services keep what they have", told);
  }
  return steering;
}

/**
 * S3: the daemon is killed, and half of each of its notes about running processes is torn away
 * before a new daemon reads them. Silent. Seen: nothing need be reported. Healed: the journal knows
 * the processes as well. Not lost: a request, a score; no service may be started a second time
 * beside a living one.
 */
import { existsSync, readdirSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type { Fault } from "../fault.ts";
import { watchProcesses } from "../pick-process.ts";
import { landSignal, strike } from "../strike.ts";

export const tornNotes: Fault = {
  id: "S3",
  title: "daemon's notes torn",
  silent: true,
  control: false,
  strikes: "daemon",
  diagnosis: [],
  healedBy: [],
  healWithinMs: 15_000,
  lastsMs: 1_000,
  async inject(scene) {
    const proof = await watchProcesses(scene, Object.keys(scene.fleet.services));
    return strike(scene, {
      undo: [{ kind: "start", start: scene.daemonStart }],
      async land() {
        const what = await landSignal(scene.daemon(), "SIGKILL");
        const torn = runNotes(scene.dataDirectory);
        for (const path of torn) truncateSync(path, Math.floor(statSync(path).size / 2));
        return `${what}, ${torn.length} notes torn`;
      },
      release: () => scene.startDaemon(),
      proof,
    });
  },
};

function runNotes(dataDirectory: string): readonly string[] {
  const folder = join(dataDirectory, "run");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".run.json"))
    .map((name) => join(folder, name));
}

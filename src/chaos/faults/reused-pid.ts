/**
 * S5: daemon and mobile-converter are killed; the daemon's note about the latter is changed to
 * name the pid of a stranger who was started later, as if the number had been given away again.
 * Silent. Seen: that the service is gone. Healed: it is started. Not lost: the stranger, who must
 * neither be adopted nor harmed.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "../../system/index.ts";
import { Accomplice } from "../accomplice.ts";
import type { Fault } from "../fault.ts";
import { pickProcess } from "../pick-process.ts";
import { landSignal, strike } from "../strike.ts";

const strangerLimitMs = 120_000;

export const reusedPid: Fault = {
  id: "S5",
  title: "pid given away again",
  silent: true,
  control: false,
  strikes: "mobile-converter",
  diagnosis: ["process_exited"],
  healedBy: ["restart"],
  healWithinMs: 15_000,
  lastsMs: 1_000,
  async inject(scene) {
    const { instance, process } = await pickProcess(scene, this.strikes);
    const stranger = await Accomplice.start({ kind: "idle", limitMs: strangerLimitMs });
    const note = join(scene.dataDirectory, "run", `${instance}.run.json`);
    return strike(scene, {
      undo: [{ kind: "start", start: scene.daemonStart }],
      async land() {
        await landSignal(scene.daemon(), "SIGKILL");
        const what = await landSignal(process, "SIGKILL");
        renamePid(note, process.pid, stranger.identity.pid);
        return `${what}, whose pid is now said to be ${stranger.identity.pid}`;
      },
      release: () => scene.startDaemon(),
      async proof() {
        const isHurt = stranger.isGone;
        const processes = await scene.processes("mobile-converter");
        await stranger.end();
        if (isHurt) return "the stranger was ended, who had done nothing";
        const isAdopted = processes.some((one) => one.process.pid === stranger.identity.pid);
        return isAdopted ? "the stranger was adopted" : undefined;
      },
    });
  },
};

/** The start time in the note stays that of the dead process. */
function renamePid(note: string, from: number, to: number): void {
  if (!existsSync(note)) return;
  const text = readFileSync(note, "utf8");
  replaceFile(note, text.replace(new RegExp(`("pid":\\s*)${from}\\b`, "g"), `$1${to}`));
}

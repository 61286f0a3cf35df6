/**
 * P12: ai-router is killed, and the process that is started in its place is stopped before it
 * listens. Silent: it is alive, and nothing says why it does not get ready. Seen: a start that
 * takes too long. Healed: that start is given up and made again. Not lost: analyses, which wait.
 */

import type { ProcessIdentity } from "../../model/index.ts";
import { commandLine, listProcesses, type ProcessStat } from "../../system/index.ts";
import type { Fault, Scene } from "../fault.ts";
import { identityOf } from "../identity-of.ts";
import { pickProcess } from "../pick-process.ts";
import { recordProcess } from "../record-process.ts";
import { landSignal, strike } from "../strike.ts";
import { waitUntil } from "../wait-until.ts";

export const hangingStart: Fault = {
  id: "P12",
  title: "start hangs",
  silent: true,
  control: false,
  strikes: "ai-router",
  diagnosis: ["start_timeout", "process_exited", "hang"],
  healedBy: ["restart"],
  healWithinMs: 40_000,
  async inject(scene) {
    const { process } = await pickProcess(scene, this.strikes);
    const record = recordProcess(scene, this.id, "SIGCONT");
    const command = commandLine(process.pid);
    return strike(scene, {
      undo: record.undo,
      async land() {
        const known = new Set(childrenRunning(scene, command).map(({ pid }) => pid));
        const { wallMs: at } = scene.clock.now();
        await landSignal(process, "SIGKILL");
        const find = (): ProcessIdentity | undefined => startedSince(scene, known, command);
        const successor = await waitUntil("a new process starts", find, { everyMs: 2 });
        record.write(successor);
        const what = await landSignal(successor, "SIGSTOP");
        return { what: `${what}, just started in place of pid ${process.pid}`, at };
      },
    });
  },
};

/** By what it runs and not by its pid: a process that was made ahead has had that for long. */
function startedSince(
  scene: Scene,
  known: ReadonlySet<number>,
  command: string,
): ProcessIdentity | undefined {
  const found = childrenRunning(scene, command).find(({ pid }) => !known.has(pid));
  return found && identityOf(found.pid);
}

function childrenRunning(scene: Scene, command: string): readonly ProcessStat[] {
  const daemon = scene.daemon().pid;
  return listProcesses().filter(
    ({ pid, parent }) => parent === daemon && commandLine(pid) === command,
  );
}

/**
 * S4: a second daemon is started on the same data directory. It must refuse by itself and name the
 * process that holds the directory; the first one must not even notice.
 */
import type { Fault } from "../fault.ts";
import { runToEnd } from "../start-process.ts";
import { strike } from "../strike.ts";

const limitMs = 15_000;

export const secondDaemon: Fault = {
  id: "S4",
  title: "second daemon",
  silent: false,
  control: true,
  strikes: "daemon",
  diagnosis: [],
  healedBy: [],
  healWithinMs: 5_000,
  lastsMs: 1_000,
  async inject(scene) {
    const { command, cwd, env } = scene.daemonStart;
    const { pid } = scene.daemon();
    let trouble: string | undefined = "it was not started";
    return strike(scene, {
      // It ends by itself, or with its time.
      undo: [],
      async land() {
        const second = await runToEnd(command, { limitMs, cwd, ...(env ? { env } : {}) });
        trouble = complaintAbout(second.code, second.output, pid);
        return "a second daemon was started";
      },
      proof: async () => trouble,
    });
  },
};

function complaintAbout(
  code: number | undefined,
  output: string,
  holder: number,
): string | undefined {
  if (code === 0 || code === undefined) return "the second daemon was not refused";
  if (new RegExp(`\\b${holder}\\b`).test(output)) return undefined;
  return `the refusal does not name pid ${holder}`;
}

/**
 * P2: SIGSTOP to ai-router. Silent: the pid is alive, and the kernel goes on accepting connections
 * for it. Seen: a hang, by a request that is not answered. Healed: killed and started again, since
 * a stopped process cannot be asked to leave. Not lost: nothing; analyses wait and go on.
 */
import type { Fault } from "../fault.ts";
import { pickProcess } from "../pick-process.ts";
import { landSignal, strike } from "../strike.ts";

export const stopProcess: Fault = {
  id: "P2",
  title: "SIGSTOP",
  silent: true,
  control: false,
  strikes: "ai-router",
  diagnosis: ["hang"],
  healedBy: ["restart"],
  healWithinMs: 10_000,
  async inject(scene) {
    const { process } = await pickProcess(scene, this.strikes);
    return strike(scene, {
      undo: [{ kind: "signal", process, signal: "SIGCONT" }],
      land: () => landSignal(process, "SIGSTOP"),
    });
  },
};

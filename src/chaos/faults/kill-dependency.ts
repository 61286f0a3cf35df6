/**
 * S6: every instance of trust-engine is killed at once, on which two other services depend. Not
 * silent. Seen: the exits, and that the troubles of the others are theirs. Healed: trust-engine
 * alone is started again; the proof is that the others run in the same processes. Not lost:
 * analyses and exports, which wait.
 */
import type { Fault } from "../fault.ts";
import { watchProcesses } from "../pick-process.ts";
import { Refusal } from "../refusal.ts";
import { landSignal, strike } from "../strike.ts";

export const killDependency: Fault = {
  id: "S6",
  title: "dependency of many killed",
  silent: false,
  control: false,
  strikes: "trust-engine",
  diagnosis: ["process_exited"],
  healedBy: ["restart"],
  healWithinMs: 10_000,
  async inject(scene) {
    const struck = await scene.processes(this.strikes);
    if (struck.length === 0) throw new Refusal(`${this.strikes} has no process now`);
    const others = Object.keys(scene.fleet.services).filter((name) => name !== this.strikes);
    const proof = await watchProcesses(scene, others);
    return strike(scene, {
      undo: [],
      async land() {
        const blows = struck.map(({ process }) => landSignal(process, "SIGKILL"));
        return (await Promise.all(blows)).join(", ");
      },
      proof,
    });
  },
};

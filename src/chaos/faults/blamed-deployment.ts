/**
 * L1: ai-router is deployed, and in that very moment provider-alpha begins to answer 429. Silent
 * where only processes are watched. Seen at ai-router: its check fails. Healed: the deployment is
 * the first suspect, but going back to the configuration before it cannot help and has to be taken
 * back; the declared alternative does help. Not lost: analyses, which wait.
 */
import { integerBetween } from "../../kernel/index.ts";
import { sameProcess } from "../../model/index.ts";
import { changeFleetFile } from "../change-fleet-file.ts";
import { exhaustQuota } from "../exhaust-quota.ts";
import type { Fault } from "../fault.ts";
import { waitUntil } from "../wait-until.ts";

export const blamedDeployment: Fault = {
  id: "L1",
  title: "429s since a harmless deployment",
  silent: true,
  control: false,
  strikes: "ai-router",
  diagnosis: ["check_failed", "dependency_down"],
  inVain: ["rollback_config"],
  healedBy: ["switch_alternative"],
  healWithinMs: 60_000,
  async inject(scene) {
    const before = await scene.processes(this.strikes);
    const deployed = await changeFleetFile(scene, {
      path: ["services", this.strikes, "env", "RELEASE"],
      value: `drill-${integerBetween(scene.random, 0, 1e9)}`,
    });
    try {
      await waitUntil("the deployment begins", async () => {
        const now = await scene.processes(this.strikes);
        const isNew = now.some(
          (one) => !before.some((old) => sameProcess(one.process, old.process)),
        );
        return isNew || undefined;
      });
      const exhausted = await exhaustQuota(scene);
      return {
        at: exhausted.at,
        what: `${deployed.what}; ${exhausted.what}`,
        async undo() {
          await Promise.all([deployed.undo(), exhausted.undo()]);
        },
      };
    } catch (error) {
      await deployed.undo();
      throw error;
    }
  },
};

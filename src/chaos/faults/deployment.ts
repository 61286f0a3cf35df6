/**
 * C2, a control: a deployment. A harmless value of trust-engine changes in the fleet file, so that
 * its instances are replaced one after the other behind the front proxy. Nothing is a failure, no
 * request fails; the proof is that the new value was taken. Afterwards the old bytes are put back,
 * which is a second deployment.
 */
import { integerBetween } from "../../kernel/index.ts";
import { sameProcess } from "../../model/index.ts";
import { changeFleetFile } from "../change-fleet-file.ts";
import type { Fault } from "../fault.ts";

export const deployment: Fault = {
  id: "C2",
  title: "control: deployment",
  silent: false,
  control: true,
  strikes: "trust-engine",
  diagnosis: [],
  healedBy: [],
  healWithinMs: 15_000,
  lastsMs: 15_000,
  async inject(scene) {
    const before = await scene.processes(this.strikes);
    return changeFleetFile(scene, {
      path: ["services", this.strikes, "env", "RELEASE"],
      value: `drill-${integerBetween(scene.random, 0, 1e9)}`,
      async proof() {
        const now = await scene.processes("trust-engine");
        const isOld = now.some((one) =>
          before.some((old) => sameProcess(one.process, old.process)),
        );
        return isOld ? "an old process of trust-engine still runs" : undefined;
      },
    });
  },
};

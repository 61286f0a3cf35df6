/**
 * P6: somebody changes the fleet file so that trust-engine exits at every start: its ledger is to
 * lie in a folder that does not exist. Not silent. Seen: the failed starts. Healed: starting again
 * does not help, going back to the last good configuration does. Not lost: acknowledged scores; the
 * file itself is left to people, and this drill puts its bytes back.
 */
import { changeFleetFile } from "../change-fleet-file.ts";
import type { Fault } from "../fault.ts";

export const badConfig: Fault = {
  id: "P6",
  title: "crash loop from bad config",
  silent: false,
  control: false,
  strikes: "trust-engine",
  diagnosis: ["crash_loop", "start_failed", "process_exited"],
  healedBy: ["rollback_config"],
  healWithinMs: 30_000,
  inject: (scene) =>
    changeFleetFile(scene, {
      path: ["services", "trust-engine", "env", "LEDGER"],
      value: "./no-such-folder/ledger.db",
    }),
};

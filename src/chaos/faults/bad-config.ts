/**
 * P6: somebody changes the fleet file so that provider-alpha exits at every start: its port is
 * none. Behind the front proxy the old instance would go on until the new one serves; this service
 * has no `listen`, so the change takes it down. Not silent. Seen: the failed starts. Healed:
 * starting again does not help, going back to the last good configuration does. Not lost: anything;
 * the file itself is left to people, and this drill puts its bytes back.
 */
import { changeFleetFile } from "../change-fleet-file.ts";
import type { Fault } from "../fault.ts";

export const badConfig: Fault = {
  id: "P6",
  title: "crash loop from bad config",
  silent: false,
  control: false,
  strikes: "provider-alpha",
  diagnosis: ["crash_loop", "start_failed", "process_exited"],
  healedBy: ["rollback_config"],
  healWithinMs: 30_000,
  inject: (scene) =>
    changeFleetFile(scene, {
      path: ["services", "provider-alpha", "env", "PORT"],
      value: "none",
    }),
};

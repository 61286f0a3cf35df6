import type { Run } from "../command.ts";
import { endDaemon, livingDaemon, stopServices } from "../stop-fleet.ts";

export const down: Run = async ({ place, options, out }) => {
  const note = livingDaemon(place.dataPath);
  const keepsServices = options.has("keepServices");
  if (!keepsServices) await stopServices(place, { progress: (text) => out.progress(text) });
  out.progress(`ending the daemon, pid ${note.pid} ...`);
  await endDaemon(note);
  out.progress("");
  out.show({ daemon: note.pid, services: keepsServices ? "running" : "stopped" }, () =>
    keepsServices
      ? `The daemon (pid ${note.pid}) has ended; the services run on. \`soulmirror up\` adopts them.`
      : `All services are stopped, and the daemon (pid ${note.pid}) has ended.`,
  );
  return 0;
};

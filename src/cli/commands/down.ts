import type { Run } from "../command.ts";
import { readDaemonNote } from "../daemon-note.ts";
import { leftRunning } from "../left-running.ts";
import { endDaemon, livingDaemon, stopServices } from "../stop-fleet.ts";

export const down: Run = async ({ place, options, out }) => {
  const before = readDaemonNote(place.dataPath);
  // Ended in order, it takes its note away; one that was killed has left services behind.
  if (before === undefined && leftRunning(place.dataPath).length === 0) {
    out.show({ daemon: null, services: "stopped" }, () => {
      return `Nothing runs: ${place.dataPath} knows of no daemon and no service.`;
    });
    return 0;
  }
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

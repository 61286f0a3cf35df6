/**
 * Ends a fleet: services in their order, then the daemon. What runs is ended only by its pid, its
 * start and its boot.
 */
import { setTimeout as pause } from "node:timers/promises";
import { formatDuration, messageOf, SoulMirrorError } from "../kernel/index.ts";
import type { ServiceView } from "../loop/index.ts";
import { isAlive, realClock } from "../system/index.ts";
import { away, DaemonClient } from "./daemon-client.ts";
import { type DaemonNote, readDaemonNote } from "./daemon-note.ts";
import type { ActionUnderWay } from "./fleet-report.ts";
import type { Place } from "./place.ts";

const daemonEndsWithinMs = 30_000;
const lookEveryMs = 50;

/** The daemon that lives now. Throws DAEMON_AWAY. */
export function livingDaemon(dataPath: string): DaemonNote {
  const note = readDaemonNote(dataPath);
  if (note === undefined) throw away(dataPath, "none is noted there");
  if (isAlive(note)) return note;
  throw away(dataPath, `its last one, pid ${note.pid}, is gone`);
}

export interface StopOptions {
  readonly progress: (text: string) => void;
  /** Gives up waiting for the services; they are left as they are. */
  readonly signal?: AbortSignal;
}

/** Stops all services, dependents first; resolves when none runs any more. */
export async function stopServices(place: Place, options: StopOptions): Promise<void> {
  const client = DaemonClient.at(place);
  try {
    await client.post("/api/v1/down");
    const begunMs = realClock.now().monotonicMs;
    for (;;) {
      const services = await client.get<readonly ServiceView[]>("/api/v1/services");
      const running = services.filter(({ instances }) => instances.some(({ pid }) => pid !== null));
      // What has ended by itself may have left something behind that is ended now.
      const underWay = await client.get<readonly ActionUnderWay[]>("/api/v1/actions/under-way");
      const stopping = underWay.filter(({ strategy }) => strategy === "stop");
      if (options.signal?.aborted || running.length + stopping.length === 0) return;
      const elapsed = formatDuration(realClock.now().monotonicMs - begunMs);
      const names = running.map(({ name }) => name).join(", ") || "what is left";
      options.progress(`stopping ${names}, ${elapsed} ...`);
      await pause(lookEveryMs);
    }
  } finally {
    client.close();
  }
}

/** Ends the daemon; whatever services run then run on. */
export async function endDaemon(note: DaemonNote): Promise<void> {
  signalDaemon(note, "SIGTERM");
  const begunMs = realClock.now().monotonicMs;
  while (isAlive(note)) {
    if (realClock.now().monotonicMs - begunMs > daemonEndsWithinMs) {
      throw new SoulMirrorError("CONFLICT", `the daemon, pid ${note.pid}, does not end`, {
        fix: `see its log; \`kill -9 ${note.pid}\` ends it and leaves the services running`,
      });
    }
    await pause(lookEveryMs);
  }
}

export function signalDaemon(note: DaemonNote, signal: NodeJS.Signals): void {
  if (!isAlive(note)) return;
  try {
    process.kill(note.pid, signal);
  } catch (error) {
    // It ended between the two lines, or it is somebody else's.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return;
    throw new SoulMirrorError("NOT_AUTHORIZED", `pid ${note.pid}: ${messageOf(error)}`, {
      fix: "run it as the user who started the daemon",
    });
  }
}

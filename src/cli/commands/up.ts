/**
 * Brings the fleet up: in the background, or in the foreground for a terminal or a service manager.
 */
import { setTimeout as pause } from "node:timers/promises";
import { formatDuration, SoulMirrorError } from "../../kernel/index.ts";
import type { ServiceView } from "../../loop/index.ts";
import { isAlive, realClock } from "../../system/index.ts";
import type { Context, Run } from "../command.ts";
import { DaemonClient } from "../daemon-client.ts";
import { readDaemonNote } from "../daemon-note.ts";
import { askForReport } from "../fleet-report.ts";
import { tellPage } from "../page-link.ts";
import { refuseUnsafe } from "../refuse-unsafe.ts";
import { renderReport } from "../render-report.ts";
import { startDaemon } from "../start-daemon.ts";
import { stayInForeground } from "../stay-in-foreground.ts";

const healthyWithinMs = 60_000;
/** What fails at once may be back at the next attempt. */
const recoveredWithinMs = 10_000;
const lookEveryMs = 100;
const notUp: ReadonlySet<ServiceView["state"]> = new Set(["unhealthy", "quarantined", "starting"]);

export const up: Run = async (context) => {
  const { place, options, out } = context;
  const { fleetPath, dataPath, port } = place;
  refuseUnsafe(fleetPath);
  const running = readDaemonNote(dataPath);
  if (running && isAlive(running)) throw alreadyUp(running.pid, dataPath);
  const start = { fleetPath, dataPath, port, progress: (text: string) => out.progress(text) };
  const daemon = await startDaemon(start);
  if (options.has("foreground")) return stayInForeground({ context, start, daemon });
  await waitForServices(context);
  return await summarize(context);
};

function alreadyUp(pid: number, dataPath: string): SoulMirrorError {
  const message = `it is up already: pid ${pid} holds ${dataPath}`;
  return new SoulMirrorError("DATA_DIRECTORY_HELD", message, {
    fix: "`soulmirror status` shows it; `soulmirror down` ends it",
  });
}

/** Until all is up, or for as long as that is worth waiting for: the daemon goes on by itself. */
async function waitForServices({ place, out }: Context): Promise<void> {
  const client = DaemonClient.at(place);
  const begunMs = realClock.now().monotonicMs;
  try {
    for (;;) {
      const services = await client.get<readonly ServiceView[]>("/api/v1/services");
      const elapsedMs = realClock.now().monotonicMs - begunMs;
      const starting = services.filter(
        (each) => isStarting(each) || (each.state === "unhealthy" && elapsedMs < recoveredWithinMs),
      );
      if (starting.length === 0 || elapsedMs > healthyWithinMs) break;
      const names = starting.map(({ name }) => name).join(", ");
      out.progress(`starting ${names}, ${formatDuration(elapsedMs)} ...`);
      await pause(lookEveryMs);
    }
  } finally {
    out.progress("");
    client.close();
  }
}

function isStarting({ state, instances }: ServiceView): boolean {
  return state === "starting" || instances.some((each) => each.state === "starting");
}

/** 0 when everything that is to run does; a person's own stop is no trouble. */
async function summarize({ place, out }: Context): Promise<number> {
  const client = DaemonClient.at(place);
  try {
    const report = await askForReport(client);
    const page = out.isJson ? "" : await tellPage(client, out);
    out.show(report, (style) => {
      const { wallMs: nowMs } = realClock.now();
      const hint = style.paint("grey", "`soulmirror watch` follows it, `soulmirror down` ends it.");
      return `${renderReport(report, { style, nowMs })}\n\n${page}\n${hint}`;
    });
    const down = report.services.filter(({ state }) => notUp.has(state)).map(({ name }) => name);
    if (down.length === 0) return 0;
    const fix = "`soulmirror show INCIDENT` and `soulmirror logs SERVICE` say why";
    out.note(`Not up: ${down.join(", ")}. ${fix}.`);
    return 1;
  } finally {
    client.close();
  }
}

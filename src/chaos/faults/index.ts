/** The faults in the order of the drill. A new one is a file here and its line below. */
import type { Fault } from "../fault.ts";
import { badConfig } from "./bad-config.ts";
import { blamedDeployment } from "./blamed-deployment.ts";
import { blockEventLoop } from "./block-event-loop.ts";
import { busyNeighbour } from "./busy-neighbour.ts";
import { clockBack } from "./clock-back.ts";
import { deafToSigterm } from "./deaf-to-sigterm.ts";
import { deployment } from "./deployment.ts";
import { diskFull } from "./disk-full.ts";
import { exceedMemory } from "./exceed-memory.ts";
import { exhaustedQuota } from "./exhausted-quota.ts";
import { fullAcceptQueue } from "./full-accept-queue.ts";
import { hangingStart } from "./hanging-start.ts";
import { heldPort } from "./held-port.ts";
import { killDaemon } from "./kill-daemon.ts";
import { killDependency } from "./kill-dependency.ts";
import { killProcess } from "./kill-process.ts";
import { leakDescriptors } from "./leak-descriptors.ts";
import { leakMemory } from "./leak-memory.ts";
import { longPauses } from "./long-pauses.ts";
import { noWayOut } from "./no-way-out.ts";
import { orphanPort } from "./orphan-port.ts";
import { poisonUpload } from "./poison-upload.ts";
import { reusedPid } from "./reused-pid.ts";
import { secondDaemon } from "./second-daemon.ts";
import { silentConnections } from "./silent-connections.ts";
import { slowExport } from "./slow-export.ts";
import { slowService } from "./slow-service.ts";
import { starvedProcessor } from "./starved-processor.ts";
import { stopDaemon } from "./stop-daemon.ts";
import { stopProcess } from "./stop-process.ts";
import { tornNotes } from "./torn-notes.ts";
import { unfinishedExit } from "./unfinished-exit.ts";

export const faults: readonly Fault[] = [
  killProcess,
  stopProcess,
  blockEventLoop,
  poisonUpload,
  badConfig,
  heldPort,
  orphanPort,
  unfinishedExit,
  hangingStart,
  deafToSigterm,
  leakMemory,
  exceedMemory,
  leakDescriptors,
  silentConnections,
  fullAcceptQueue,
  noWayOut,
  exhaustedQuota,
  blamedDeployment,
  diskFull,
  killDependency,
  clockBack,
  killDaemon,
  stopDaemon,
  tornNotes,
  secondDaemon,
  reusedPid,
  // The controls: nothing is wrong, so nothing may be reported or done.
  starvedProcessor,
  busyNeighbour,
  slowService,
  slowExport,
  deployment,
  longPauses,
];

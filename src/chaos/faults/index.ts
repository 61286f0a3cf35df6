/** The faults in the order of the drill. A new one is a file here and its line below. */
import type { Fault } from "../fault.ts";
import { blockEventLoop } from "./block-event-loop.ts";
import { heldPort } from "./held-port.ts";
import { killDaemon } from "./kill-daemon.ts";
import { killProcess } from "./kill-process.ts";
import { poisonUpload } from "./poison-upload.ts";
import { stopProcess } from "./stop-process.ts";

export const faults: readonly Fault[] = [
  killProcess,
  stopProcess,
  blockEventLoop,
  poisonUpload,
  heldPort,
  killDaemon,
];

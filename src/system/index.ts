/**
 * The machine as it is, through node's own modules only: real time and chance, durable files, the
 * lock of the data directory, processes as /proc shows them, ports and who holds them.
 */

export { type ControlGroup, controlGroupsOf, limitProcessor } from "./control-groups.ts";
export { type DataDirectory, openDataDirectory } from "./data-directory.ts";
export { openDeadline } from "./deadline.ts";
export { type FileOptions, replaceFile, syncFolder, writeDurably } from "./durable-file.ts";
export { entryFile } from "./entry-file.ts";
export { findExecutable } from "./find-executable.ts";
export { freePort, isPortFree } from "./free-port.ts";
export { keepHeapsSmall } from "./keep-heaps-small.ts";
export { lastLinesIn } from "./last-lines.ts";
export { acquireLock, type Lock } from "./lock-file.ts";
export { portHolder, socketHolder } from "./port-holder.ts";
export { privateDirectory } from "./private-directory.ts";
export {
  bootId,
  catchesSignal,
  commandLine,
  descendantsOf,
  descriptorCount,
  hasPid,
  isAlive,
  isDeadState,
  listProcesses,
  livingStat,
  type ProcessStat,
  parseProcessStat,
  processAgeMs,
  processIdentity,
  readProcessStat,
  readProcessStatus,
  ticksToMs,
} from "./proc.ts";
export { readPlainFile } from "./read-plain-file.ts";
export { readSecretFile } from "./read-secret-file.ts";
export { realClock, realMonotonicMs, realTimers } from "./real-clock.ts";
export { createRealRandom, randomHex, randomPool, realSeed } from "./real-random.ts";
export {
  expectedSparePath,
  makeSparePath,
  ownSparePath,
  ownSparePaths,
  sparePaths,
} from "./spare-path.ts";
export { type Distrust, untrustedFile } from "./untrusted-file.ts";
export { version } from "./version.ts";
export { withdrawVariables } from "./withdraw-variables.ts";
export { workerEnvironment } from "./worker-environment.ts";

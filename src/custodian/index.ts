/**
 * Who keeps vaults: brings their fleet file, this machine and the pure engine together. The command
 * line and the library open vaults through here.
 */
export type { AgentState } from "./agent/agent-state.ts";
export { runAgent } from "./agent/run-agent.ts";
export { keepTakenFleet, takenFleet } from "./agent/taken-fleet.ts";
export { categoriesIn } from "./categories-in.ts";
export { type CheckingVault, checkVault } from "./check-vault.ts";
export { runDrill } from "./drill/run-drill.ts";
export { type DumpNote, readDumpNotes } from "./dumps/dump-notes.ts";
export type { DumpOutcome } from "./dumps/take-dumps.ts";
export { freezeTexts } from "./freeze-text.ts";
export { type HealingVault, healVault } from "./heal-vault.ts";
export { locationsOf } from "./locations-of.ts";
export {
  type LeftOut,
  makeVault,
  type OpenedVault,
  type Opening,
  openVault,
} from "./open-vault.ts";
export { passphraseOf } from "./passphrase-of.ts";
export { pathMeant } from "./path-meant.ts";
export { type Protection, protect } from "./protect.ts";
export { type Pruning, type PruningVault, pruneVault } from "./prune-vault.ts";
export {
  lastGood,
  marksIn,
  momentOf,
  pairOf,
  type ReadableVault,
  type Reading,
  readVault,
  snapshotOf,
} from "./read-vault.ts";
export { recordInVault } from "./record-in-vault.ts";
export { type Restored, restoreVault } from "./restore-vault.ts";
export { type ShownSnapshot, shownOf, snapshotsOf } from "./snapshots-of.ts";
export { stateOf } from "./state-file.ts";
export { restoreStream } from "./streams/restore-stream.ts";
export { type StreamReach, streamReaches } from "./streams/stream-reach.ts";
export { claimVault, vaultFolder, vaultFolderPath } from "./vault-folder.ts";
export { whoProtects } from "./who-protects.ts";

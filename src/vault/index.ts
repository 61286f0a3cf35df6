/**
 * The vault: a repository in the public restic format, version 2, in several places at once.
 * Pure functions over ports: places, the tree that is protected, kernels and threads are handed in.
 */

export {
  type BackupOptions,
  type BackupOutcome,
  backUp,
  type PlaceOutcome,
} from "./backup/back-up.ts";
export type {
  ContentSink,
  ContentThreads,
  FileToRead,
  ReadFile,
  SeenFile,
} from "./backup/content.ts";
export { judgeRun, type Suspicion } from "./backup/judge-run.ts";
export { everything, leaving, onlyChanged, type Scope } from "./backup/scope.ts";
export type { Tally } from "./backup/tally.ts";
export {
  type CheckOptions,
  type CheckOutcome,
  check,
  everyPack,
} from "./check/check.ts";
export { type Finding, isDamage } from "./check/finding.ts";
export { type DrillPlan, drill } from "./drill/drill.ts";
export type { DrillFinding, DrillOutcome } from "./drill/drill-at.ts";
export type { DrillStage, ReadContent, Scratch } from "./drill/drill-ports.ts";
export type { DrillBudget } from "./drill/pick-files.ts";
export { contentLength } from "./format/blob.ts";
export { Damage } from "./format/damage.ts";
export { hexOfId, idOfHex } from "./format/ids.ts";
export type { Derivation, DeriveKey, KeyTools } from "./format/keys.ts";
export { createSealer, type SealKeys, sealBytes } from "./format/seal.ts";
export type { Snapshot, StoredSnapshot } from "./format/snapshot-json.ts";
export type {
  DeviceNode,
  ExtendedAttribute,
  FileNode,
  FolderNode,
  LinkNode,
  NodeBase,
  PipeNode,
  Tree,
  TreeNode,
} from "./format/tree-node.ts";
export { needZstd } from "./format/zstd.ts";
export {
  type Acceptances,
  accept,
  acceptancesOfText,
  isAccepted,
  noAcceptances,
  textOfAcceptances,
} from "./heal/acceptances.ts";
export type {
  ElsewhereFacts,
  GitFacts,
  GitMark,
  HealFacts,
  HealPolicy,
  Sight,
} from "./heal/facts.ts";
export { defaultHealLimits, type HealLimits } from "./heal/heal-limits.ts";
export { healPaths } from "./heal/heal-paths.ts";
export type { HealEvent, HealOutcome, HealPorts, Repair } from "./heal/heal-ports.ts";
export { journalOwnerOf } from "./heal/passing-names.ts";
export { planScrub, type ScrubFile, type ScrubPosition } from "./heal/scrub-plan.ts";
export { type Cutter, type CutterOptions, type Kernels, maskBlocksMax } from "./kernels.ts";
export {
  appendOnlyFault,
  type ByteRange,
  type FaultKind,
  type FileKind,
  type FileName,
  fileKinds,
  folderOfKind,
  isFileId,
  type ListedFile,
  type Location,
  LocationFault,
  type LocationTraits,
  pathOfFile,
} from "./location.ts";
export { compareSnapshots, type Difference } from "./look/compare-snapshots.ts";
export { jsonOfListed, type ListedPath, listPaths, longLineOf } from "./look/list-paths.ts";
export { nodeAt } from "./look/node-at.ts";
export { readContent } from "./look/read-content.ts";
export { type FolderSum, TreeSums } from "./look/tree-sums.ts";
export { type Version, versionsOf } from "./look/versions-of.ts";
export {
  type LocationCall,
  MemoryLocation,
  type MemoryLocationOptions,
} from "./memory-location.ts";
export { pacedLocation } from "./paced-location.ts";
export {
  type AuditEntry,
  type AuditEvent,
  type AuditKind,
  emptyTrail,
  lineBytesMax,
  sealAuditLine,
  type TrailEnd,
} from "./proof/audit-entry.ts";
export { type DrillReport, isProven as isDrillProven, signReport } from "./proof/drill-report.ts";
export type { RestoreReport } from "./proof/restore-reports.ts";
export { readHead, signHead } from "./proof/signed-note.ts";
export { createSigner, rawPublicKey, type Signer, sha256Of } from "./proof/signing.ts";
export {
  type NamedReport,
  type ProofVerification,
  proofFaults,
  type RecoveryPoint,
  type ReportFinding,
  type TrailPiece,
  verifyProof,
} from "./proof/verify-proof.ts";
export {
  createTrailVerifier,
  type TrailFinding,
  type TrailVerification,
} from "./proof/verify-trail.ts";
export { readWaitingNote, signWaitingNote } from "./proof/waiting-note.ts";
export { type DamagedSnapshot, damagedSnapshots } from "./prune/damaged-snapshots.ts";
export { type ForgetOptions, type ForgetOutcome, forget } from "./prune/forget.ts";
export { mergeIndexes } from "./prune/merge-indexes.ts";
export {
  type Absence,
  type PruneFigures,
  type PruneOptions,
  type PruneOutcome,
  prune,
} from "./prune/prune.ts";
export {
  joinRaw,
  type RawPath,
  rawPathOfBytes,
  rawPathOfText,
  systemPath,
  textOfRawPath,
} from "./raw-path.ts";
export { bytePace } from "./repair/byte-pace.ts";
export { catchUpLagging } from "./repair/catch-up-lagging.ts";
export {
  type HealOptions as RepairOptions,
  type HealOutcome as RepairOutcome,
  heal,
  prepareEmpty,
} from "./repair/heal.ts";
export { listStored, type SampleOutcome, type StoredFile, sample } from "./repair/sample.ts";
export type { FoundDamage } from "./repository/blob-reader.ts";
export { Codec, hexDigestOf } from "./repository/codec.ts";
export { initialise } from "./repository/initialise.ts";
export type { Place } from "./repository/place.ts";
export { type Session, withSession } from "./repository/session.ts";
export {
  byTimeAndId,
  gatherSnapshots,
  type HeldSnapshot,
  listSnapshots,
} from "./repository/snapshots.ts";
export type { Surroundings, Worker } from "./repository/surroundings.ts";
export { type LocationState, type Unlocked, unlock } from "./repository/unlock.ts";
export { Vault } from "./repository/vault.ts";
export { chooseSnapshot, type SnapshotWish } from "./restore/choose-snapshot.ts";
export { inOrderOfArrival } from "./restore/in-order-of-arrival.ts";
export { type LocalNow, parseMoment } from "./restore/parse-moment.ts";
export { chooseParts, type Parts, type PartsWish } from "./restore/parts.ts";
export {
  type PlacedFile,
  type RestoreOptions,
  type RestoreOutcome,
  type RestoreTally,
  restore,
} from "./restore/restore.ts";
export { createProof, type RestoreProof, verifyRestoreProof } from "./restore/restore-proof.ts";
export type {
  BlobToWrite,
  CheckedFile,
  EndedOtherwise,
  FailedPath,
  FileToCheck,
  FileToWrite,
  FolderOutcome,
  Outcome,
  RestoreTarget,
  SpecialNode,
  WriteJob,
  WriteReport,
} from "./restore/restore-target.ts";
export type { RestoredFile } from "./restore/restored-file.ts";
export { type Categories, compileCategories } from "./select/categories.ts";
export { isInside } from "./select/is-inside.ts";
export { compilePatterns } from "./select/path-patterns.ts";
export { Arrivals, type SnapshotMarks } from "./state/arrivals.ts";
export { type Doubt, Doubts } from "./state/doubts.ts";
export {
  judgeVault,
  type VaultConcern,
  type VaultFact,
  vaultConcerns,
} from "./state/judge-vault.ts";
export type { StateFile } from "./state/state-file.ts";
export { Tombstones } from "./state/tombstones.ts";
export {
  newVaultState,
  noteVaultEvent,
  textOfVaultState,
  type VaultEvent,
  type VaultState,
  type VaultStream,
  vaultStateFile,
  vaultStateOfText,
} from "./state/vault-state.ts";
export type {
  AttributesRead,
  Listing,
  ReadAttributes,
  SourceEntry,
  SourceFailure,
  TreeSource,
} from "./tree-source.ts";
export { type LocationRetryOptions, withRetries } from "./with-retries.ts";
export type { OnProgress, WorkProgress } from "./work-progress.ts";

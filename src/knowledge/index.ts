/**
 * Knowledge: what was written, and what follows from it. The journal and its chain, the tables that
 * are projected from it, what a new daemon recalls, and the series: rolled up for the store, and
 * learned as baselines of what is usual.
 */
export {
  type BaselinesState,
  baselinesOf,
  createBaselines,
  forgetBaselines,
  type Learned,
  learn,
  recallBaselines,
  type Sketch,
  type SketchPage,
  sketchesOf,
} from "./baselines.ts";
export { type Chain, createChain, type Mac } from "./chain.ts";
export {
  openCheckpoint,
  sealCheckpoint,
  unsealCheckpoint,
  verifyCheckpoint,
} from "./checkpoint.ts";
export type { EmergencyJournal, HeldEntries } from "./emergency-journal.ts";
export type { ResilientJournalOptions } from "./journal-settings.ts";
export { createMemoryStore, freshEntries, type MemoryStoreOptions } from "./memory-store.ts";
export { project, type RowChange, withVerdict } from "./projections.ts";
export * from "./recollection.ts";
export { openResilientJournal, type ResilientJournal } from "./resilient-journal.ts";
export { createRollUp, forgetRollUp, type RolledUp, type RollUpState, rollUp } from "./roll-up.ts";
export {
  type Anchor,
  type Finding,
  type Verification,
  verifyChain,
  verifyJournal,
} from "./verify-chain.ts";
export { type HeldPast, type HeldVerification, verifyHeld } from "./verify-held.ts";
export { within } from "./within.ts";

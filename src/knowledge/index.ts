/**
 * Knowledge: what was written, and what follows from it.
 */
import type { Instant } from "../kernel/index.ts";
import type { MetricRow, Observation } from "../model/index.ts";
export { type Chain, createChain, type Mac } from "./chain.ts";
export {
  type EmergencyJournal,
  type HeldEntries,
  openResilientJournal,
  type ResilientJournal,
  type ResilientJournalOptions,
} from "./resilient-journal.ts";
export {
  type Anchor,
  type Finding,
  type Verification,
  verifyChain,
  verifyJournal,
} from "./verify-chain.ts";
export { createMemoryStore, freshEntries, type MemoryStoreOptions } from "./memory-store.ts";
export { project, type RowChange, withVerdict } from "./projections.ts";
export * from "./recollection.ts";
export type RollUpState = { n: number };
export const createRollUp = (): RollUpState => ({ n: 0 });
export const collectSamples = (o: readonly Observation[]): readonly Observation[] => o;
export const rollUp = (_s: RollUpState, _o: readonly Observation[], _n: Instant): { rows: readonly MetricRow[]; wakeMs: number | undefined } => ({ rows: [], wakeMs: undefined });

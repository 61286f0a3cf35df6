/**
 * Knowledge: what was written, and what follows from it.
 */
import type { Instant } from "../kernel/index.ts";
import type { MetricRow, Observation } from "../model/index.ts";
export * from "./recollection.ts";
export type RollUpState = { n: number };
export const createRollUp = (): RollUpState => ({ n: 0 });
export const collectSamples = (o: readonly Observation[]): readonly Observation[] => o;
export const rollUp = (_s: RollUpState, _o: readonly Observation[], _n: Instant): { rows: readonly MetricRow[]; wakeMs: number | undefined } => ({ rows: [], wakeMs: undefined });

/**
 * Breaking things for real: the faults, the ways to land them and to take them away by a process
 * of their own, and the table that a drill prints. What is hurt and what has healed is judged by
 * the drill from the ledger of the request generator, not here and not by the daemon.
 */
export { armUndo } from "./arm-undo.ts";
export type { DrillRow, DrillVerdict, TriedStrategy } from "./drill/drill-row.ts";
export { type FaultRecord, type FaultRun, judgeRuns, rowOfNone } from "./drill/judge-fault.ts";
export { isPassed, judgeTable } from "./drill/judge-table.ts";
export { fakeClock } from "./fake-clock.ts";
export type {
  Disarm,
  Fault,
  Injection,
  Scene,
  ServiceProcess,
  StruckSpec,
} from "./fault.ts";
export { faults } from "./faults/index.ts";
export { Refusal } from "./refusal.ts";
export { mountSmallDisk, type SmallDisk } from "./small-disk.ts";
export type { StartCommand } from "./start-process.ts";
export type { UndoRecipe, UndoStep } from "./undo-recipe.ts";

/**
 * The file system of this machine, as a source of backups and as a place to restore into. What is
 * to be protected or restored, and when, is decided by others.
 */

export { createAttributeReader } from "./read-attributes.ts";
export { createRestoreFinisher, type RestoreFinisher } from "./restore-finisher.ts";
export type { LeftToFinish, RestoreFailure, RestoreOutcome } from "./restore-outcome.ts";
export { isLeftover, type Overwrite, Restorer, type RestorerOptions } from "./restorer.ts";
export type { RestoringFile } from "./restoring-file.ts";
export { createTreeSource } from "./tree-source.ts";

/**
 * The store in an embedded SQLite file: the Store port in a worker thread, the format and its
 * migrations, the emergency file for when there is no writable store, the key of the audit chain.
 */
export { type AuditKey, openAuditKey, readAuditKey } from "./audit-key.ts";
export {
  type EmergencyFile,
  type EmergencyFileOptions,
  openEmergencyFile,
  readEmergencyFile,
} from "./emergency-file.ts";
export {
  bringEmergencyFile,
  claimEmergencyFile,
  releaseEmergencyFile,
} from "./emergency-folder.ts";
export { openAuditedStore, openSqliteStore, sqliteFormat } from "./in-this-thread.ts";
export { openPast, type Past } from "./past.ts";
export { setAsideForeign } from "./set-aside.ts";
export type { AuditedStore, StoreFormat } from "./sqlite-store.ts";
export { beginStoreWorker } from "./worker-ahead.ts";
export {
  createPastStore,
  createWorkerStore,
  openWorkerStore,
  type WorkerStore,
  type WorkerStoreOptions,
} from "./worker-store.ts";

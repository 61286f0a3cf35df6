/**
 * What the house stands on: the store in SQLite, the front proxy as a process of its own. Each
 * folder here implements ports of `model/` and knows nothing of the others.
 */
export {
  listenEffector,
  ProxyKeeper,
  type ProxyPaths,
  ProxyRouter,
  proxyGone,
  proxySensor,
  startProxyEffector,
} from "./proxy/index.ts";
export {
  type AuditedStore,
  beginStoreWorker,
  bringEmergencyFile,
  claimEmergencyFile,
  createPastStore,
  createWorkerStore,
  openAuditedStore,
  openAuditKey,
  openEmergencyFile,
  openPast,
  openSqliteStore,
  type Past,
  readAuditKey,
  readEmergencyFile,
  releaseEmergencyFile,
  type StoreFormat,
  setAsideForeign,
  sqliteFormat,
  type WorkerStore,
} from "./store/index.ts";

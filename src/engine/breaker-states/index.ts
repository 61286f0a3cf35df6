/**
 * What circuits remember across restarts, and what processes tell each other of them: stores, the
 * memory that restores and saves, the registry, and the quorum. No call ever waits for any of it.
 */
export { BreakerMemory, type BreakerMemoryOptions } from "./breaker-memory.ts";
export type { BreakerStateStore, LoadedStates } from "./breaker-state-store.ts";
export {
  Circuit,
  CircuitBreakerRegistry,
  type CircuitOptions,
  type CircuitState,
  type RegistryOptions,
} from "./circuit-breaker-registry.ts";
export { fileStateStore } from "./file-state-store.ts";
export { memoryStateStore } from "./memory-state-store.ts";
export { Quorum, type QuorumOptions, type Vote, type VoteBoard } from "./quorum.ts";
export { type RedisConnection, redisStateStore } from "./redis-state-store.ts";
export type { SavedBreaker } from "./saved-breaker.ts";
export { sqliteStateStore } from "./sqlite-state-store.ts";
export { folderBoard, type RedisHash, redisBoard } from "./vote-boards.ts";

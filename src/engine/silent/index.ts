/**
 * What a process survives, blocks on, or slowly runs out of: found beside its calls, told with the
 * evidence, never changed. What single operations return is looked at where they are called.
 */
export { countDescriptors, descriptorLimit } from "./descriptors.ts";
export { watchGrowth } from "./growth-watch.ts";
export { type GuardOptions, guardProcess, type ProcessGuard } from "./guard-process.ts";
export {
  areFindingsHeard,
  hearFindings,
  onNextEngine,
  tellFinding,
} from "./process-findings.ts";
export { type StallWatchOptions, watchStalls } from "./stall-watch.ts";
export { watchEmitter } from "./watch-emitter.ts";
export { type WatchProcessOptions, watchProcess } from "./watch-process.ts";

import * as module from "node:module";
import { dirname } from "node:path";

/**
 * The environment of a thread of ours, which reads compiled code only where that says so; the one
 * of the process has been freed of it, for the sake of services. Without it a thread takes thrice
 * the processor time to start, and 28 MB more.
 */
export function workerEnvironment(): NodeJS.ProcessEnv {
  // A Node that is too old for it may load this as well.
  const isKnown = typeof module.getCompileCacheDir === "function";
  const folder = isKnown ? module.getCompileCacheDir() : undefined;
  return folder === undefined
    ? process.env
    : { ...process.env, NODE_COMPILE_CACHE: dirname(folder) };
}

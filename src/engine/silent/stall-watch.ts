/**
 * Tells which line of code blocks the event loop. A timer beats; a watchdog thread listens, and
 * when the beat is late it looks at the stack of the blocked thread through node's own inspector.
 * Nothing is instrumented: while nothing stalls, the cost is the beat.
 */
import type { Worker } from "node:worker_threads";
import { harmless } from "../../resilience/index.ts";
import { entryFile } from "../../system/index.ts";
import { place, places, type Stall, type StallWorkerData } from "./stall-share.ts";

export interface StallWatchOptions {
  /** The loop may be blocked for so long; 200 by default. */
  readonly thresholdMs?: number;
  /** A line on stderr that begins so, written while the stall lasts: it may never end. */
  readonly linePrefix?: string;
  /** Told when the loop runs again. */
  readonly onStall: (stall: Stall) => void;
}

const beatsPerThreshold = 2;
const memoryMb = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 };

/**
 * Watches the main thread until the returned function is called; only from there, and never where
 * the process is being debugged. Keeps no process alive. What blocks for less than the threshold is
 * never told, what blocks for twice as long always is; ten times, where it began with the watch.
 */
export function watchStalls({
  thresholdMs = 200,
  linePrefix,
  onStall,
}: StallWatchOptions): () => void {
  if (!process.getBuiltinModule("node:worker_threads").isMainThread) return () => {};
  const { url: inspectorUrl } = process.getBuiltinModule("node:inspector");
  const beatMs = Math.max(5, Math.floor(thresholdMs / beatsPerThreshold));
  const shared = new SharedArrayBuffer(places * Int32Array.BYTES_PER_ELEMENT);
  const numbers = new Int32Array(shared);
  const workerData: StallWorkerData = { thresholdMs, beatMs, shared, linePrefix };
  const worker = startWorker(workerData, onStall);
  const beat = (): void => {
    Atomics.store(numbers, place.isDebugged, inspectorUrl() === undefined ? 0 : 1);
    Atomics.add(numbers, place.beats, 1);
  };
  beat();
  const timer = setInterval(beat, beatMs).unref();
  return () => {
    clearInterval(timer);
    void worker?.terminate();
  };
}

/** Without the hooks, flags and variables of the service: the thread is ours alone. */
function startWorker(
  workerData: StallWorkerData,
  onStall: (stall: Stall) => void,
): Worker | undefined {
  try {
    const { Worker } = process.getBuiltinModule("node:worker_threads");
    const worker = new Worker(entryFile("engine/silent/stall-worker", import.meta.url), {
      name: "soulmirror-stalls",
      workerData,
      env: {},
      execArgv: [],
      resourceLimits: memoryMb,
    });
    worker.on("message", (stall: Stall) => harmless(() => onStall(stall)));
    // A watchdog that cannot run is no reason to end a service.
    worker.on("error", () => {});
    worker.unref();
    return worker;
  } catch {
    return undefined;
  }
}

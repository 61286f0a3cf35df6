/**
 * The thread of the store, begun before it is known what it is to open: it has as much to load as
 * the daemon itself, and side by side both are there in half the time.
 *
 * H1. A thread waits for its setup as the first message, whether it was begun ahead or not.
 * H2. One that dies while it waits is replaced when it is wanted.
 */
import { Worker } from "node:worker_threads";
import { entryFile, workerEnvironment } from "../../system/index.ts";

/** The worker keeps little and throws away much; without limits V8 takes what there is. */
const resourceLimits = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 2, stackSizeMb: 2 };

let ahead: Worker | undefined;

/** For whoever will open a store soon. */
export function beginStoreWorker(): void {
  if (ahead) return;
  const worker = createWorker();
  ahead = worker;
  const gone = (): void => {
    if (ahead === worker) ahead = undefined;
  };
  worker.once("error", gone);
  worker.once("exit", gone);
}

/** The one that was begun, or a new one; its next message is its setup. */
export function takeStoreWorker(): Worker {
  const worker = ahead ?? createWorker();
  ahead = undefined;
  worker.removeAllListeners();
  return worker;
}

function createWorker(): Worker {
  return new Worker(entryFile("platform/store/sqlite-worker", import.meta.url), {
    env: workerEnvironment(),
    resourceLimits,
    name: "store",
  });
}

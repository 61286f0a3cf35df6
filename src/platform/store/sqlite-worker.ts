/**
 * The worker thread that owns the database: opens it, answers calls in the order in which they
 * come, ends after `close`.
 */
import { flushCompileCache } from "node:module";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { assert } from "../../kernel/index.ts";
import type { Store } from "../../model/index.ts";
import { openSqliteStore } from "./sqlite-store.ts";
import {
  packError,
  type StoreAnswer,
  type StoreCall,
  type WorkerSetup,
} from "./worker-messages.ts";

assert(parentPort !== null, "the store's worker runs in a worker thread");
const port: MessagePort = parentPort;
const { path, limits } = workerData as WorkerSetup;

try {
  const store = await openSqliteStore(path, limits);
  port.on("message", (call: StoreCall) => void carryOut(store, call));
  answer({ id: 0, ok: true, value: undefined });
  // Normally written at the end, which for a daemon may be a kill.
  flushCompileCache();
} catch (error) {
  answer({ id: 0, ok: false, error: packError(error) });
}

async function carryOut(store: Store, { id, method, values }: StoreCall): Promise<void> {
  try {
    const run = store[method] as (...values: readonly unknown[]) => Promise<unknown>;
    answer({ id, ok: true, value: await run.apply(store, values as unknown[]) });
  } catch (error) {
    answer({ id, ok: false, error: packError(error) });
  }
  if (method === "close") port.close();
}

function answer(message: StoreAnswer): void {
  port.postMessage(message);
}

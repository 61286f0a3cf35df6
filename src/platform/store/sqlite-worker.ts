/**
 * The worker thread that owns the database: opens it, answers calls in the order in which they
 * come, ends after `close`, and when the file it owns is no longer the one with that name: the
 * next worker opens, or makes, the one that is.
 */
import { flushCompileCache } from "node:module";
import { type MessagePort, parentPort } from "node:worker_threads";
import { assert, SoulMirrorError } from "../../kernel/index.ts";
import type { Store } from "../../model/index.ts";
import { holdFiles } from "./held-files.ts";
import { openPast } from "./past.ts";
import { openSqliteStore } from "./sqlite-store.ts";
import {
  packError,
  type StoreAnswer,
  type StoreCall,
  type WorkerSetup,
} from "./worker-messages.ts";

assert(parentPort !== null, "the store's worker runs in a worker thread");
const port: MessagePort = parentPort;

port.once("message", (setup: WorkerSetup) => void open(setup));

/** What is called meanwhile waits in the port. */
async function open({ path, limits, isPast }: WorkerSetup): Promise<void> {
  const early: StoreCall[] = [];
  const keep = (call: StoreCall): void => void early.push(call);
  port.on("message", keep);
  try {
    const store = isPast ? await openLying(path) : await openSqliteStore(path, limits);
    const lost = holdFiles([path, `${path}-wal`, `${path}-shm`]);
    const hear = (call: StoreCall): void => {
      const name = call.method === "close" ? undefined : lost();
      if (name === undefined) void carryOut(store, call);
      else leave(call, name);
    };
    port.off("message", keep);
    port.on("message", hear);
    answer({ id: 0, ok: true, value: undefined });
    for (const call of early) hear(call);
    // Normally written at the end, which for a daemon may be a kill.
    flushCompileCache();
  } catch (error) {
    answer({ id: 0, ok: false, error: packError(error) });
  }
}

async function openLying(path: string): Promise<Partial<Store>> {
  const past = await openPast(path);
  if (past) return past;
  throw new SoulMirrorError("STORE_UNAVAILABLE", "there is no past that could be read");
}

async function carryOut(store: Partial<Store>, { id, method, values }: StoreCall): Promise<void> {
  try {
    const run = store[method] as (...values: readonly unknown[]) => Promise<unknown>;
    answer({ id, ok: true, value: await run.apply(store, values as unknown[]) });
  } catch (error) {
    answer({ id, ok: false, error: packError(error) });
  }
  if (method === "close") port.close();
}

/** Dies of it, so that whoever calls next is told the reason. */
function leave({ id }: StoreCall, name: string): never {
  const reason = `${name} was removed or replaced while it was open`;
  answer({ id, ok: false, error: packError(new SoulMirrorError("STORE_UNAVAILABLE", reason)) });
  throw new Error(reason);
}

function answer(message: StoreAnswer): void {
  port.postMessage(message);
}

/**
 * The Store port on the main thread; the database is in a worker thread, so that no query and no
 * slow disk ever holds the loop up.
 *
 * W1. Calls are carried out in the order in which they were made.
 * W2. Every call settles: when the worker dies, what is outstanding rejects, and the next call
 *     starts a new worker (at most one a second).
 * W3. Bounded: beyond `outstandingMax` calls reject at once.
 */
import type { Worker } from "node:worker_threads";
import { messageOf, SoulMirrorError } from "../../kernel/index.ts";
import type {
  ActionRow,
  BaselineRow,
  BreakerRow,
  FailureRow,
  Incident,
  Kept,
  MetricRow,
  Oldest,
  Retention,
  SealedEntry,
  SketchRow,
  Store,
} from "../../model/index.ts";
import type { Past } from "./past.ts";
import type { SqliteLimits } from "./sqlite-database.ts";
import { takeStoreWorker } from "./worker-ahead.ts";
import { type StoreAnswer, unpackError, type WorkerSetup } from "./worker-messages.ts";

export interface WorkerStoreOptions extends SqliteLimits {
  readonly outstandingMax?: number;
}

const restMs = 1000;
const outstandingDefault = 256;

/** Resolves when the database is open; throws what opening it throws (STORE_TOO_NEW, ...). */
export async function openWorkerStore(
  path: string,
  options: WorkerStoreOptions = {},
): Promise<WorkerStore> {
  const store = createWorkerStore(path, options);
  await store.opened();
  return store;
}

/** The same without waiting: calls reject until the database can be opened, and try it again. */
export function createWorkerStore(path: string, options: WorkerStoreOptions = {}): WorkerStore {
  const { outstandingMax = outstandingDefault, ...limits } = options;
  return new WorkerStore({ path, limits }, outstandingMax);
}

/** What lies there, read in a thread of its own: a disk that hangs holds up nobody else. */
export function createPastStore(path: string): Past {
  return new WorkerStore({ path, limits: {}, isPast: true }, outstandingDefault);
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Life {
  readonly worker: Worker;
  /** By the number of the call. */
  readonly waiting: Map<number, Waiting>;
  readonly opened: Promise<unknown>;
}

export class WorkerStore implements Store {
  readonly #setup: WorkerSetup;
  readonly #outstandingMax: number;
  #life: Life | undefined;
  /** Why there is no worker; defined for a while after one has ended. */
  #restsFor: string | undefined;
  #isClosed = false;
  #calls = 0;
  #outstanding = 0;

  constructor(setup: WorkerSetup, outstandingMax: number) {
    this.#setup = setup;
    this.#outstandingMax = outstandingMax;
  }

  /** Resolves when the database is open; throws what opening it throws. */
  async opened(): Promise<void> {
    await this.#living().opened;
  }

  /**
   * Gives up a worker that does not answer: what is outstanding rejects, and a later call starts
   * another one.
   */
  async giveUp(): Promise<void> {
    await this.#life?.worker.terminate();
  }

  append(entries: readonly SealedEntry[]): Promise<Kept> {
    return this.#call("append", entries);
  }

  sync(): Promise<void> {
    return this.#call("sync");
  }

  read(position: number, limit: number): Promise<readonly SealedEntry[]> {
    return this.#call("read", position, limit);
  }

  last(): Promise<SealedEntry | undefined> {
    return this.#call("last");
  }

  failures(query: Parameters<Store["failures"]>[0]): Promise<readonly FailureRow[]> {
    return this.#call("failures", query);
  }

  actions(query: Parameters<Store["actions"]>[0]): Promise<readonly ActionRow[]> {
    return this.#call("actions", query);
  }

  incidents(query: Parameters<Store["incidents"]>[0]): Promise<readonly Incident[]> {
    return this.#call("incidents", query);
  }

  writeMetrics(rows: readonly MetricRow[]): Promise<void> {
    return this.#call("writeMetrics", rows);
  }

  metrics(query: Parameters<Store["metrics"]>[0]): Promise<readonly MetricRow[]> {
    return this.#call("metrics", query);
  }

  writeBaselines(rows: readonly BaselineRow[]): Promise<void> {
    return this.#call("writeBaselines", rows);
  }

  baselines(source?: string): Promise<readonly BaselineRow[]> {
    return this.#call("baselines", source);
  }

  writeSketches(rows: Parameters<Store["writeSketches"]>[0]): Promise<void> {
    return this.#call("writeSketches", rows);
  }

  sketches(query: Parameters<Store["sketches"]>[0]): Promise<readonly SketchRow[]> {
    return this.#call("sketches", query);
  }

  writeBreakers(rows: readonly BreakerRow[]): Promise<void> {
    return this.#call("writeBreakers", rows);
  }

  breakers(): Promise<readonly BreakerRow[]> {
    return this.#call("breakers");
  }

  saveCheckpoint(position: number, state: string): Promise<void> {
    return this.#call("saveCheckpoint", position, state);
  }

  loadCheckpoint(): Promise<{ readonly position: number; readonly state: string } | undefined> {
    return this.#call("loadCheckpoint");
  }

  prune(retention: Retention): Promise<number> {
    return this.#call("prune", retention);
  }

  oldest(): Promise<Oldest> {
    return this.#call("oldest");
  }

  /** Everything outstanding is carried out first. Closing twice does nothing. */
  async close(): Promise<void> {
    const life = this.#life;
    if (this.#isClosed || life === undefined) {
      this.#isClosed = true;
      return;
    }
    const ended = new Promise((resolve) => life.worker.once("exit", resolve));
    // Not one of the calls that are counted: it must not be refused for those that it waits for.
    const closing = this.#send<void>("close", []);
    this.#isClosed = true;
    try {
      await closing;
    } finally {
      await life.worker.terminate();
      await ended;
    }
  }

  #call<T>(method: keyof Store, ...values: readonly unknown[]): Promise<T> {
    if (this.#isClosed) return Promise.reject(unavailable("it is closed"));
    if (this.#outstanding >= this.#outstandingMax) {
      return Promise.reject(unavailable(`${this.#outstanding} calls are outstanding`));
    }
    return this.#send(method, values);
  }

  #send<T>(method: keyof Store, values: readonly unknown[]): Promise<T> {
    let life: Life;
    try {
      life = this.#living();
      this.#calls += 1;
      life.worker.postMessage({ id: this.#calls, method, values }, []);
    } catch (error) {
      const cause = error instanceof SoulMirrorError ? error : unavailable(messageOf(error));
      return Promise.reject(cause);
    }
    return this.#await(life.waiting, this.#calls) as Promise<T>;
  }

  #await(waiting: Life["waiting"], id: number): Promise<unknown> {
    this.#outstanding += 1;
    return new Promise<unknown>((resolve, reject) => waiting.set(id, { resolve, reject })).finally(
      () => {
        this.#outstanding -= 1;
      },
    );
  }

  #living(): Life {
    if (this.#life) return this.#life;
    if (this.#restsFor !== undefined) throw unavailable(this.#restsFor);
    const worker = takeStoreWorker();
    const waiting: Life["waiting"] = new Map();
    const opened = this.#await(waiting, 0);
    const life: Life = { worker, waiting, opened };
    this.#life = life;
    let reason = "its worker ended";
    worker.on("message", (message: StoreAnswer) => settle(waiting, message));
    worker.on("error", (error) => {
      reason = `its worker died: ${messageOf(error)}`;
    });
    worker.on("exit", () => this.#ended(life, reason));
    worker.postMessage(this.#setup, []);
    // A store that cannot be opened has no worker. Calls that wait are told by its exit.
    opened.catch((error: unknown) => {
      reason = messageOf(error);
      void worker.terminate();
    });
    return life;
  }

  #ended(life: Life, reason: string): void {
    if (this.#life === life) this.#life = undefined;
    for (const { reject } of life.waiting.values()) reject(unavailable(reason));
    life.waiting.clear();
    if (this.#isClosed) return;
    this.#restsFor = reason;
    setTimeout(() => {
      this.#restsFor = undefined;
    }, restMs).unref();
  }
}

function settle(waiting: Life["waiting"], message: StoreAnswer): void {
  const caller = waiting.get(message.id);
  waiting.delete(message.id);
  if (message.ok) caller?.resolve(message.value);
  else caller?.reject(unpackError(message.error));
}

function unavailable(reason: string): SoulMirrorError {
  return new SoulMirrorError("STORE_UNAVAILABLE", `the store does not answer: ${reason}`);
}

import { type Ids, SoulMirrorError } from "../kernel/index.ts";
import { openResilientJournal, within } from "../knowledge/index.ts";
import type { Store } from "../model/index.ts";
import {
  bringEmergencyFile,
  claimEmergencyFile,
  createPastStore,
  createWorkerStore,
  openAuditKey,
  openEmergencyFile,
  releaseEmergencyFile,
  setAsideForeign,
  type WorkerStore,
} from "../platform/index.ts";
import {
  type DataDirectory,
  makeSparePath,
  ownSparePaths,
  realClock,
  realTimers,
} from "../system/index.ts";
import type { DaemonLog } from "./daemon-log.ts";
import { JournalKeeper } from "./journal-keeper.ts";
import type { Redaction } from "./redaction.ts";
import type { Teardown } from "./teardown.ts";

export interface KnowledgeBase {
  readonly store: Store;
  readonly keeper: JournalKeeper;
  /** Where a file went that stood in the store's place and was no database. */
  readonly aside: string | undefined;
}

export interface KnowledgeOptions {
  readonly directory: DataDirectory;
  readonly log: DaemonLog;
  readonly ids: Ids;
  readonly teardown: Teardown;
  readonly redaction: Redaction;
}

const openDeadlineMs = 5000;
const closeDeadlineMs = 10_000;

/**
 * The store in its worker, the journal over it that never fails, and who writes it. A store that
 * cannot be opened now is asked for until it can be.
 */
export async function openKnowledge(options: KnowledgeOptions): Promise<KnowledgeBase> {
  const { directory, log, ids, teardown, redaction } = options;
  const { mac } = await openAuditKey(directory.auditKey);
  const aside = clearPlace(options);
  const { store, away } = await openStore(options);
  const spare = await openSpare(options);
  const journal = await openResilientJournal({
    store,
    mac,
    ids,
    clock: realClock,
    timers: realTimers,
    notice: (what) => log.warn("journal", { what }),
    returned: (how) => keeper.returned(how),
    ...(spare ? { emergency: spare.file } : {}),
    away,
  });
  teardown.add("the journal", async () => {
    await journal.close();
    // After an end in order there is nothing in it, and its place is wanted by others.
    if (spare && journal.kept === "store") releaseEmergencyFile(spare.path);
  });
  const keeper: JournalKeeper = new JournalKeeper({
    journal,
    store,
    mac,
    timers: realTimers,
    log,
    redact: (entry) => redaction.told(entry),
    openPast: () => createPastStore(directory.store),
  });
  teardown.add("the journal keeper", () => keeper.close());
  return { store, keeper, aside };
}

/** In another directory, so that it is not full or read-only together with the store. */
async function openSpare({ directory, log, teardown }: KnowledgeOptions) {
  try {
    const path = makeSparePath(directory.root, "journal");
    if (path === undefined) throw new Error("somebody else has its place");
    await bringEmergencyFile(path, ownSparePaths(directory.root, "journal")).catch(
      (error: unknown) => log.complain("an older emergency file was left where it is", error),
    );
    await claimEmergencyFile(path, directory.root).catch((error: unknown) =>
      log.complain("emergency files of others could not be looked through", error),
    );
    const file = await openEmergencyFile(path);
    teardown.add("the emergency file", () => file.close());
    return { path, file };
  } catch (error) {
    log.complain("there is no emergency file; only memory is behind the store", error);
    return undefined;
  }
}

interface Opened {
  readonly store: WorkerStore;
  /** Why it cannot be used yet. */
  readonly away?: unknown;
}

/**
 * Opened now or later, also when the disk does not answer: without it the daemon supervises all
 * the same. Throws STORE_DAMAGED and STORE_TOO_NEW, for these do not pass by waiting.
 */
async function openStore({ directory, log, teardown }: KnowledgeOptions): Promise<Opened> {
  const store = createWorkerStore(directory.store);
  teardown.add("the store", () => within(realTimers, closeDeadlineMs, store.close()));
  try {
    await within(realTimers, openDeadlineMs, store.opened());
    return { store };
  } catch (error) {
    const isAway = error instanceof SoulMirrorError && error.code === "STORE_UNAVAILABLE";
    if (!isAway) throw error;
    log.complain(`${directory.store} cannot be opened`, error);
    return { store, away: error };
  }
}

/** The name of what was put out of the way, when the file in the store's place is none. */
function clearPlace({ directory, log }: KnowledgeOptions): string | undefined {
  const stamp = new Date(realClock.now().wallMs).toISOString().replace(/[:.]/g, "-");
  try {
    const aside = setAsideForeign(directory.store, stamp);
    if (aside !== undefined) log.warn("store-set-aside", { path: directory.store, to: aside });
    return aside;
  } catch (error) {
    log.complain(`${directory.store} is no database, and cannot be set aside`, error);
    return undefined;
  }
}

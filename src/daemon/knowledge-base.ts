import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ids } from "../kernel/index.ts";
import { openResilientJournal } from "../knowledge/index.ts";
import type { Store } from "../model/index.ts";
import { openAuditKey, openEmergencyFile, openWorkerStore } from "../platform/index.ts";
import { type DataDirectory, privateDirectory, realClock, realTimers } from "../system/index.ts";
import type { DaemonLog } from "./daemon-log.ts";
import { JournalKeeper } from "./journal-keeper.ts";
import type { Teardown } from "./teardown.ts";

export interface KnowledgeBase {
  readonly store: Store;
  readonly keeper: JournalKeeper;
}

export interface KnowledgeOptions {
  readonly directory: DataDirectory;
  readonly log: DaemonLog;
  readonly ids: Ids;
  readonly teardown: Teardown;
}

/** The store in its worker, the journal over it that never fails, and who writes it. */
export async function openKnowledge(options: KnowledgeOptions): Promise<KnowledgeBase> {
  const { directory, log, ids, teardown } = options;
  const { mac } = await openAuditKey(directory.auditKey);
  const store = await openWorkerStore(directory.store);
  teardown.add("the store", () => store.close());
  const path = emergencyPath(directory);
  const emergency = await openEmergencyFile(path).catch((error: unknown) => {
    log.complain("there is no emergency file; only memory is behind the store", error);
    return undefined;
  });
  if (emergency) teardown.add("the emergency file", () => emergency.close());
  const journal = await openResilientJournal({
    store,
    mac,
    ids,
    clock: realClock,
    timers: realTimers,
    notice: (what) => log.warn("journal", { what }),
    ...(emergency ? { emergency } : {}),
  });
  teardown.add("the journal", async () => {
    await journal.close();
    // After an end in order there is nothing in it, and its place is wanted by others.
    if (journal.kept === "store") await rm(path, { force: true });
  });
  const keeper = new JournalKeeper({ journal, store, timers: realTimers, log });
  teardown.add("the journal keeper", () => keeper.close());
  return { store, keeper };
}

/** In another directory, so that it is not full or read-only together with the store. */
function emergencyPath(directory: DataDirectory): string {
  const name = createHash("sha256").update(directory.root).digest("hex").slice(0, 16);
  const folder = privateDirectory(
    join(tmpdir(), `soulmirror-emergency-${process.getuid?.() ?? 0}`),
  );
  return join(folder, `${name}.journal`);
}

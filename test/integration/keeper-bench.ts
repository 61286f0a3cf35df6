/** A real journal over a store of the test, and keepers that write it. */
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { createDaemonLog } from "../../src/daemon/daemon-log.ts";
import { JournalKeeper, type JournalKeeperOptions } from "../../src/daemon/journal-keeper.ts";
import { Redaction } from "../../src/daemon/redaction.ts";
import { createIds, createRandom } from "../../src/kernel/index.ts";
import {
  createMemoryStore,
  type Mac,
  openResilientJournal,
  type ResilientJournalOptions,
} from "../../src/knowledge/index.ts";
import type { Store } from "../../src/model/index.ts";
import { realClock, realTimers } from "../../src/system/index.ts";
import { temporaryFolder } from "../afterwards.ts";

export const mac: Mac = (text) => createHmac("sha256", "key").update(text).digest("hex");

type Given = Partial<ResilientJournalOptions> &
  Partial<Pick<JournalKeeperOptions, "openPast" | "askDeadlineMs" | "lyingDeadlineMs">> & {
    readonly store: Store;
  };

/** What makes keepers of one journal; everything is released with the stack. */
export async function keptJournal(
  stack: AsyncDisposableStack,
  given: Given,
): Promise<() => JournalKeeper> {
  const { store, openPast = createMemoryStore } = given;
  const { askDeadlineMs = 5000, lyingDeadlineMs = askDeadlineMs } = given;
  const folder = temporaryFolder("keeper");
  const log = createDaemonLog(join(folder, "daemon.log"), new Redaction());
  stack.defer(() => log.close());
  const journal = await openResilientJournal({
    mac,
    ids: createIds(realClock, createRandom(1)),
    clock: realClock,
    timers: realTimers,
    ...given,
  });
  stack.defer(() => journal.close());
  return () => {
    const timers = realTimers;
    const redact = <T>(entry: T): T => entry;
    const own = { journal, store, mac, timers, log, redact, openPast };
    const deadlines = { askDeadlineMs, lyingDeadlineMs };
    const keeper = new JournalKeeper({ ...own, ...deadlines });
    stack.defer(() => keeper.close());
    return keeper;
  };
}

/**
 * What is older than its retention goes, a little after the start and then every hour, but no more
 * at a time than the oldest day of it: a clock that is wrong for an hour must not cost the history.
 */
import type { Fleet } from "../config/index.ts";
import type { CancelTimer, Timers } from "../kernel/index.ts";
import type { Store } from "../model/index.ts";
import { realClock } from "../system/index.ts";
import type { DaemonLog } from "./daemon-log.ts";

const firstMs = 60_000;
const everyMs = 3_600_000;
const mostMs = 24 * everyMs;

export interface Household {
  readonly store: Store;
  readonly timers: Timers;
  readonly log: DaemonLog;
  readonly fleet: () => Fleet;
}

export function keepHouse({ store, timers, log, fleet }: Household): () => void {
  let isOver = false;
  let cancel: CancelTimer = timers.after(firstMs, () => void clean());
  const clean = async (): Promise<void> => {
    const { metricsMs, failuresMs, journalMs } = fleet().retention;
    const now = realClock.now().wallMs;
    try {
      const { metric, failure, entry } = await store.oldest();
      const removed = await store.prune({
        metricsBefore: atMost(metric, now - metricsMs),
        failuresBefore: atMost(failure ?? entry, now - failuresMs),
        entriesBefore: atMost(entry, now - journalMs),
      });
      if (removed > 0) log.info("pruned", { rows: removed });
    } catch (error) {
      log.complain("nothing was pruned", error);
    }
    if (!isOver) cancel = timers.after(everyMs, () => void clean());
  };
  return () => {
    isOver = true;
    cancel();
  };
}

function atMost(oldest: number | undefined, before: number): number {
  return oldest === undefined ? before : Math.min(before, oldest + mostMs);
}

/**
 * The daemon's own logs stay bounded on the disk: `daemon.log` (one JSON line per event) and
 * `daemon.out` (its last words, and whatever a library prints).
 *
 * L1. `daemon.log` is divided between lines, never within one: the anchors in it are evidence.
 * L2. `daemon.out` is a descriptor that the daemon was born with, so it is cut like the log of a
 *     service.
 */
import { renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { CancelTimer, Timers } from "../kernel/index.ts";
import { ServiceLog } from "../targets/index.ts";
import type { DaemonLog } from "./daemon-log.ts";

export interface LogKeeping {
  /** The folder of the logs. */
  readonly logs: string;
  readonly log: Pick<DaemonLog, "reopen" | "complain">;
  readonly timers: Timers;
  readonly everyMs?: number;
  readonly maxBytes?: number;
  /** Older generations that stay, of each. */
  readonly keep?: number;
}

/** What is returned ends it. */
export function keepLogs(options: LogKeeping): () => void {
  const { logs, log, timers, everyMs = 30_000, maxBytes = 8 * 1024 * 1024, keep = 3 } = options;
  const own = join(logs, "daemon.log");
  const words = new ServiceLog(join(logs, "daemon.out"));
  const look = async (): Promise<void> => {
    try {
      if (sizeOf(own) >= maxBytes) {
        shift(own, keep);
        log.reopen();
      }
      await words.rotate({ maxBytes, keep });
    } catch (error) {
      // The log may be closed by now.
      if (!isOver) log.complain("our logs were not rotated", error);
    }
    if (!isOver) cancel = timers.after(everyMs, () => void look());
  };
  let isOver = false;
  let cancel: CancelTimer = timers.after(everyMs, () => void look());
  return () => {
    isOver = true;
    cancel();
  };
}

function shift(path: string, keep: number): void {
  rmSync(`${path}.${keep}`, { force: true });
  for (let generation = keep - 1; generation >= 1; generation -= 1) {
    const each = `${path}.${generation}`;
    if (sizeOf(each) > 0) renameSync(each, `${path}.${generation + 1}`);
  }
  renameSync(path, `${path}.1`);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

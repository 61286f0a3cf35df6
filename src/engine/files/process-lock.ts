/**
 * One writer at a time among the processes of this machine. A living holder is waited for; a dead
 * one (by pid, start and boot, never by age) is taken over. Where there is no /proc to tell the
 * living from the dead, processes are not kept apart: the file is still always whole.
 */
import { readFileSync } from "node:fs";
import { jittered, SoulMirrorError } from "../../kernel/index.ts";
import { sleep } from "../../resilience/index.ts";
import { acquireLock, isAlive, type Lock, processIdentity } from "../../system/index.ts";
import { fileError } from "./file-error.ts";
import type { Tell } from "./healing.ts";
import type { Patience } from "./patience.ts";

const longestPauseMs = 50;

export interface Held extends Disposable {
  /** A dead process had it: it may have died in the middle of its writing. */
  readonly wasStale: boolean;
}

/** Throws FILE_LOCKED when the holder lives too long, and the reason of the signal. */
export async function holdLock(path: string, patience: Patience, tell: Tell): Promise<Held> {
  if (processIdentity(process.pid) === undefined) return unheld;
  const { tools, dueMs, signal } = patience;
  const startedMs = tools.monotonicMs();
  for (let delayMs = 1; ; delayMs = Math.min(delayMs * 2, longestPauseMs)) {
    signal?.throwIfAborted();
    const dead = deadHolder(path);
    const lock = tryLock(path);
    if (lock !== undefined) {
      if (dead !== undefined) tell({ kind: "lock_broken", path, pid: dead });
      const waitedMs = tools.monotonicMs() - startedMs;
      if (delayMs > 1) tell({ kind: "writer_waited_for", path, waitedMs });
      return { wasStale: dead !== undefined, [Symbol.dispose]: () => lock.release() };
    }
    if (tools.monotonicMs() >= dueMs) throw lockedTooLong(path);
    await sleep(tools, jittered(tools.random, delayMs, 0.5), signal);
  }
}

const unheld: Held = { wasStale: false, [Symbol.dispose]: () => undefined };

function tryLock(path: string): Lock | undefined {
  try {
    return acquireLock(path);
  } catch (error) {
    if (error instanceof SoulMirrorError && error.code === "DATA_DIRECTORY_HELD") return undefined;
    throw error;
  }
}

interface Holder {
  readonly pid: number;
  readonly startTicks: number;
  readonly bootId: string;
}

function holderOf(path: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(path, "utf8")) as Holder;
    return typeof holder.pid === "number" ? holder : undefined;
  } catch {
    // No lock, or gone meanwhile.
    return undefined;
  }
}

function deadHolder(path: string): number | undefined {
  const holder = holderOf(path);
  return holder !== undefined && !isAlive(holder) ? holder.pid : undefined;
}

/** Whoever drafts a lock names himself in the draft: true when that one is dead. */
export function isDeadDraft(path: string): boolean {
  return deadHolder(path) !== undefined;
}

function lockedTooLong(path: string): Error {
  const pid = holderOf(path)?.pid;
  const who = pid === undefined ? "another process" : `process ${pid}`;
  return fileError("FILE_LOCKED", `${who} holds ${path}, and did not let go in time`, {
    path,
    fix: "raise lockTimeoutMs, or find out what that process is waiting for",
  });
}

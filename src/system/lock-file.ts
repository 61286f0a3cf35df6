/**
 * One holder at a time: a file that names its holder.
 *
 * The file is made complete under another name and then linked, which fails when the lock is
 * there. The lock of a dead holder is taken over under a second lock, its guard, so that of two who
 * find it stale only one replaces it. Who dies while taking over leaves a stale guard: that is a
 * lock like any other, and is taken over under a guard of its own.
 * K1. The file always has its whole content.
 * K2. A living holder is never replaced; pid, start and boot must all fit, and a zombie is dead.
 *     Nobody removes a file that is not his own: between the look at it and the deed it could have
 *     become somebody else's. It is replaced, by who holds its guard; what is not there is linked.
 * K3. Where the disk takes no file, the lock is a file in a spare place. Both places are looked at,
 *     so that there is one holder still.
 */
import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { SoulMirrorError } from "../kernel/index.ts";
import { type ProcessIdentity, sameProcess } from "../model/index.ts";
import { isAlive, processIdentity } from "./proc.ts";
import { randomHex } from "./real-random.ts";

export interface Lock extends Disposable {
  /** Idempotent; never removes the lock of somebody else. */
  release(): void;
}

const attempts = 5;
/** So many may have died one over another's takeover. */
const guardsMax = 5;
const diskErrors: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EROFS"]);

/** Throws SoulMirrorError DATA_DIRECTORY_HELD naming the pid of the holder. */
export function acquireLock(path: string, spare?: string): Lock {
  refuseLiving(path);
  if (spare === undefined) return acquire(path);
  refuseLiving(spare);
  try {
    return alone(acquire(path), spare);
  } catch (error) {
    if (!diskErrors.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
    return alone(acquire(spare), path);
  }
}

/** Keeps K3: who came at the same time may have got the other place. Rather none than two. */
function alone(lock: Lock, other: string): Lock {
  try {
    refuseLiving(other);
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}

function acquire(path: string): Lock {
  const self = processIdentity(process.pid);
  if (self === undefined) {
    throw new SoulMirrorError("DATA_DIRECTORY_UNUSABLE", "this system has no /proc to lock by");
  }
  const own = `${path}.${randomHex(6)}`;
  try {
    writeFileSync(own, `${JSON.stringify(self)}\n`, { mode: 0o600, flag: "wx" });
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      if (isTaken(own, path)) return lockOf(path, self);
    }
    throw held(path, holderOf(path));
  } finally {
    rmSync(own, { force: true });
  }
}

function lockOf(path: string, self: ProcessIdentity): Lock {
  const release = (): void => {
    const holder = holderOf(path);
    if (holder && sameProcess(holder, self)) rmSync(path, { force: true });
  };
  return { release, [Symbol.dispose]: release };
}

/** Throws when the holder lives; false when somebody else was faster: look again. */
function isTaken(own: string, path: string, depth = 0): boolean {
  if (linked(own, path)) return true;
  refuseLiving(path);
  if (depth === guardsMax) return false;
  const guard = `${path}.takeover`;
  const forGuard = `${own}+`;
  linkSync(own, forGuard);
  try {
    if (!isTaken(forGuard, guard, depth + 1)) return false;
  } finally {
    rmSync(forGuard, { force: true });
  }
  try {
    refuseLiving(path);
    if (!existsSync(path)) return linked(own, path);
    renameSync(own, path);
    return true;
  } finally {
    rmSync(guard, { force: true });
  }
}

function refuseLiving(path: string): void {
  const holder = holderOf(path);
  if (holder && isAlive(holder)) throw held(path, holder);
}

function held(path: string, holder: ProcessIdentity | undefined): SoulMirrorError {
  const who = holder ? `pid ${holder.pid}` : "another process";
  return new SoulMirrorError("DATA_DIRECTORY_HELD", `${who} holds ${path}`, {
    fix: "stop that daemon first (`soulmirror down`), or choose another directory with --data",
  });
}

/** Who is named in the file, dead or alive. */
function holderOf(path: string): ProcessIdentity | undefined {
  try {
    const { pid, startTicks, bootId } = JSON.parse(readFileSync(path, "utf8")) as ProcessIdentity;
    return typeof pid === "number" && pid > 0 ? { pid, startTicks, bootId } : undefined;
  } catch {
    // No lock, or a file that is none of ours: nobody holds it.
    return undefined;
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

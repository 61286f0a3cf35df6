/** The real world, as a repository sees it. */
import { hostname, userInfo } from "node:os";
import {
  hasPid,
  isAlive,
  processAgeMs,
  processIdentity,
  randomPool,
  realClock,
  realTimers,
} from "../system/index.ts";
import type { Surroundings } from "../vault/index.ts";

export function realSurroundings(): Surroundings {
  const { gid, uid, username } = whoAmI();
  return {
    clock: realClock,
    timers: realTimers,
    randomBytes: randomPool(),
    worker: { hostname: hostname(), username, pid: process.pid, uid, gid },
    isAlive: hadNumber,
  };
}

/** Of a process whose beginning cannot be read only its life is known; a zombie has none. */
function hadNumber(pid: number, sinceMs: number): boolean {
  const identity = processIdentity(pid);
  if (identity === undefined) return hasPid(pid);
  return isAlive(identity) && realClock.now().wallMs - processAgeMs(identity) <= sinceMs;
}

function whoAmI(): { readonly username: string; readonly uid: number; readonly gid: number } {
  try {
    const { gid, uid, username } = userInfo();
    return { username, uid: Math.max(0, uid), gid: Math.max(0, gid) };
  } catch {
    // A user without an entry in /etc/passwd, as containers have them.
    const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
    return { username: String(uid), uid, gid };
  }
}

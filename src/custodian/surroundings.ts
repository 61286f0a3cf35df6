/** The real world, as a repository sees it. */
import { hostname, userInfo } from "node:os";
import { hasPid, randomPool, realClock, realTimers } from "../system/index.ts";
import type { Surroundings } from "../vault/index.ts";

export function realSurroundings(): Surroundings {
  const { gid, uid, username } = whoAmI();
  return {
    clock: realClock,
    timers: realTimers,
    randomBytes: randomPool(),
    worker: { hostname: hostname(), username, pid: process.pid, uid, gid },
    isAlive: hasPid,
  };
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

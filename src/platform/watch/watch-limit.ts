/** What to tell when the kernel gives no more watches, and how to get more. */
import type { WatchEvent } from "./watch-event.ts";

/**
 * What `inotify_add_watch` and `inotify_init` fail with beyond their limits; `own` is our option.
 */
const limits: Readonly<Record<string, { readonly reason: string; readonly key?: string }>> = {
  ENOSPC: { reason: "the kernel gives no more watches", key: "fs.inotify.max_user_watches" },
  EMFILE: {
    reason: "the kernel gives no more queues of events, or the process may open no more files",
    key: "fs.inotify.max_user_instances",
  },
  ENOMEM: { reason: "the kernel has no memory for more watches" },
  own: { reason: "as many folders are watched as watchesMax allows" },
};

export function isLimit(code: string): boolean {
  return code in limits;
}

/** @param folderCount of all folders, watched or not */
export function tellScanning(
  code: string,
  counts: { readonly unwatched: number; readonly folderCount: number },
): WatchEvent {
  const { reason = code, key } = limits[code] ?? {};
  return {
    kind: "scanning",
    folderCount: counts.unwatched,
    reason,
    fix: fixOf(key, counts.folderCount),
  };
}

function fixOf(key: string | undefined, folderCount: number): string {
  if (key === "fs.inotify.max_user_watches") {
    // Other programs of the user need some as well.
    const wanted = 2 ** Math.ceil(Math.log2(folderCount * 2));
    return `sysctl -w ${key}=${wanted}, and the same line in a file of /etc/sysctl.d`;
  }
  if (key !== undefined) return `raise ${key} with sysctl, and look at ulimit -n`;
  return "watch fewer folders, or raise that limit";
}

/**
 * Whether `lstat` says of a name what a snapshot says of it. Asked of every file in every backup,
 * so in plain numbers, which Node gives in half the time of exact ones.
 *
 * Times are milliseconds as a double then, good to a quarter of a microsecond. No change is missed
 * by that: whatever changes a file after it was looked at sets its ctime to the kernel's clock,
 * which goes on by more than that between two calls, or, where it ticks, does not go on at all.
 */
import { constants, type Stats } from "node:fs";
import type { TreeNode } from "../../vault/index.ts";

const formats: Readonly<Record<TreeNode["kind"], number>> = {
  file: constants.S_IFREG,
  dir: constants.S_IFDIR,
  symlink: constants.S_IFLNK,
  dev: constants.S_IFBLK,
  chardev: constants.S_IFCHR,
  fifo: constants.S_IFIFO,
};

/** Twice what rounding both sides can make of it. */
const roundingMs = 0.0005;

export function isAsBefore(stats: Stats, node: TreeNode): boolean {
  return (
    (stats.mode & constants.S_IFMT) === formats[node.kind] &&
    isSameTime(stats.ctimeMs, node.ctimeNs) &&
    isSameTime(stats.mtimeMs, node.mtimeNs) &&
    // Beyond, some numbers are the same double.
    stats.ino <= Number.MAX_SAFE_INTEGER &&
    stats.ino === Number(node.inode) &&
    (node.kind !== "file" || stats.size === node.sizeBytes)
  );
}

function isSameTime(timeMs: number, timeNs: bigint): boolean {
  return Math.abs(Number(timeNs) / 1e6 - timeMs) < roundingMs;
}

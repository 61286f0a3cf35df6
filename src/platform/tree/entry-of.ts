/** What `lstat` says of a name, in the words of the repository; nothing for a socket. */
import { type BigIntStats, constants, readlinkSync } from "node:fs";
import {
  type ExtendedAttribute,
  type RawPath,
  type SourceEntry,
  systemPath,
} from "../../vault/index.ts";
import type { Accounts } from "./accounts.ts";

/** Extended attributes are read apart. */
const noAttributes: readonly ExtendedAttribute[] = [];

export interface NamedStats {
  readonly name: RawPath;
  readonly path: RawPath;
  readonly stats: BigIntStats;
}

/** Throws as `readlink` does, when a link has gone meanwhile. */
export function entryOf(
  { name, path, stats }: NamedStats,
  accounts: Accounts,
): SourceEntry | undefined {
  const mode = Number(stats.mode);
  const uid = Number(stats.uid);
  const gid = Number(stats.gid);
  const base = {
    name,
    permissions: mode & 0o7777,
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
    atimeNs: stats.atimeNs,
    uid,
    gid,
    user: accounts.userOf(uid),
    group: accounts.groupOf(gid),
    inode: stats.ino,
    deviceId: stats.dev,
    attributes: noAttributes,
  };
  const links = Number(stats.nlink);
  switch (mode & constants.S_IFMT) {
    case constants.S_IFREG:
      return { ...base, kind: "file", links, sizeBytes: Number(stats.size) };
    case constants.S_IFDIR:
      return { ...base, kind: "dir", links: 0 };
    case constants.S_IFLNK: {
      const target = readlinkSync(systemPath(path), "latin1") as RawPath;
      return { ...base, kind: "symlink", links, target };
    }
    case constants.S_IFBLK:
      return { ...base, kind: "dev", links, device: stats.rdev };
    case constants.S_IFCHR:
      return { ...base, kind: "chardev", links, device: stats.rdev };
    case constants.S_IFIFO:
      return { ...base, kind: "fifo", links: 0 };
    default:
      return undefined;
  }
}

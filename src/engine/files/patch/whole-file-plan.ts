/**
 * May a plain `writeFile` be done by putting a whole new file in the place of the old one?
 *
 * L1. Only where nobody can tell the difference but by the number of the file's inode: a regular
 *     file with one name, which this process may write and owns, or none at all; no flag but `w`;
 *     text or bytes. Everything else is left to node as it is.
 */
import type { BigIntStats, PathLike, StatSyncOptions } from "node:fs";
import { constants } from "node:fs";
import { realTarget } from "../target.ts";
import { pathKey } from "./path-key.ts";
import { wishOf } from "./written-data.ts";

export interface WholeFilePlan {
  /** Behind all links. */
  readonly target: string;
  /** Of the file that is there now. */
  readonly keepMode: number | undefined;
  /** The options of the caller, but for those that say which file. */
  readonly options: Readonly<Record<string, unknown>>;
}

export interface PlanTools {
  readonly statSync: (path: string, options: StatSyncOptions) => BigIntStats | undefined;
  readonly accessSync: (path: PathLike, mode: number) => void;
}

const devices = /^\/(?:proc|sys|dev)(?:\/|$)/;

/** Keeps L1: undefined where it may not. Never throws. */
export function planWholeFile(
  [path, data, options]: readonly unknown[],
  { statSync, accessSync }: PlanTools,
): WholeFilePlan | undefined {
  const wish = wishOf(options, "w");
  if (pathKey(path) === undefined || wish?.flag !== "w") return undefined;
  if (typeof data !== "string" && !ArrayBuffer.isView(data)) return undefined;
  try {
    const target = realTarget(path as PathLike);
    if (devices.test(target)) return undefined;
    const plain = plainOptions(options, wish.encoding);
    const found = statSync(target, { bigint: true, throwIfNoEntry: false });
    if (found === undefined) return { target, keepMode: undefined, options: plain };
    const isOurs = Number(found.uid) === process.geteuid?.();
    if (!found.isFile() || found.nlink !== 1n || !isOurs) return undefined;
    if (!isOwnGroup(Number(found.gid))) return undefined;
    accessSync(target, constants.W_OK);
    return { target, keepMode: Number(found.mode) & 0o7777, options: plain };
  } catch {
    // It cannot be written, or looked at: node will tell how.
    return undefined;
  }
}

/** Else the new file would belong to another one. */
function isOwnGroup(gid: number): boolean {
  return gid === process.getegid?.();
}

function plainOptions(options: unknown, encoding: string): Readonly<Record<string, unknown>> {
  return typeof options === "object" && options !== null ? { ...options } : { encoding };
}

/** Whether a name is already all that a node says, so that nothing is to be made. */
import { type BigIntStats, constants, lstatSync, readlinkSync } from "node:fs";
import {
  type DeviceNode,
  type LinkNode,
  type PipeNode,
  rawPathOfBytes,
} from "../../vault/index.ts";
import type { RestoredNode } from "./restore-outcome.ts";

/** What a time may be off that Node has set (`nodeTime`). */
export const nearNs = 1000n;

const fileTypes = {
  symlink: constants.S_IFLNK,
  fifo: constants.S_IFIFO,
  dev: constants.S_IFBLK,
  chardev: constants.S_IFCHR,
} as const;

/** Of what is neither a file nor a folder. Attributes are not read: with them it is made anew. */
export function isThere(
  address: string | Buffer,
  node: RestoredNode &
    (
      | Pick<LinkNode, "kind" | "target">
      | Pick<DeviceNode, "kind" | "device">
      | Pick<PipeNode, "kind">
    ),
): boolean {
  const present = lstatSync(address, { bigint: true, throwIfNoEntry: false });
  if (present === undefined || node.attributes.length > 0) return false;
  if ((Number(present.mode) & constants.S_IFMT) !== fileTypes[node.kind]) return false;
  if (present.uid !== BigInt(node.uid) || present.gid !== BigInt(node.gid)) return false;
  if (!isNear(present, node)) return false;
  if (node.kind === "symlink") {
    return rawPathOfBytes(readlinkSync(address, { encoding: "buffer" })) === node.target;
  }
  if ((Number(present.mode) & 0o7777) !== node.permissions) return false;
  return node.kind === "fifo" || present.rdev === node.device;
}

function isNear({ mtimeNs }: BigIntStats, node: RestoredNode): boolean {
  const behindNs = mtimeNs - node.mtimeNs;
  return behindNs <= nearNs && behindNs >= -nearNs;
}

/**
 * What a tree of the repository says about one name in a folder: the node of the restic format,
 * with the fields that belong to its kind only. `format/tree-json.ts` reads and writes it.
 */
import type { RawPath } from "../raw-path.ts";

export interface NodeBase {
  readonly name: RawPath;
  /** Permissions, setuid, setgid and sticky, as `chmod` knows them: 0 to 0o7777. */
  readonly permissions: number;
  /** Nanoseconds since the Unix epoch; below zero before 1970. */
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly atimeNs: bigint;
  readonly uid: number;
  readonly gid: number;
  /** Empty when the machine knows no name. */
  readonly user: string;
  readonly group: string;
  readonly inode: bigint;
  readonly deviceId: bigint;
  /** How many names the inode has; 0 where the format does not say (folders). */
  readonly links: number;
  /** Extended attributes, ACLs among them, in the order of their names. */
  readonly attributes: readonly ExtendedAttribute[];
}

export interface ExtendedAttribute {
  readonly name: string;
  readonly value: Uint8Array;
}

export interface FileNode extends NodeBase {
  readonly kind: "file";
  readonly sizeBytes: number;
  /** Ids of its data blobs, 64 hexadecimal digits each, in order. */
  readonly content: readonly string[];
}

export interface FolderNode extends NodeBase {
  readonly kind: "dir";
  /** Id of its tree blob. */
  readonly subtree: string;
}

export interface LinkNode extends NodeBase {
  readonly kind: "symlink";
  readonly target: RawPath;
}

export interface DeviceNode extends NodeBase {
  readonly kind: "dev" | "chardev";
  /** `st_rdev`. */
  readonly device: bigint;
}

export interface PipeNode extends NodeBase {
  readonly kind: "fifo";
}

export type TreeNode = FileNode | FolderNode | LinkNode | DeviceNode | PipeNode;

/** Nodes in the order of their names' bytes, each name once. */
export interface Tree {
  readonly nodes: readonly TreeNode[];
}

/**
 * What is to be protected, as it is now: the port through which a backup sees folders. The contents
 * of files are read by the threads that also cut and seal them (`ContentReader`).
 */
import type {
  DeviceNode,
  ExtendedAttribute,
  FileNode,
  FolderNode,
  LinkNode,
  PipeNode,
  TreeNode,
} from "./format/tree-node.ts";
import type { RawPath } from "./raw-path.ts";

/** A name in a folder, as `lstat` saw it; extended attributes are read apart, in batches. */
export type SourceEntry =
  | Omit<FileNode, "content">
  | Omit<FolderNode, "subtree">
  | LinkNode
  | DeviceNode
  | PipeNode;

/** Something in a folder that could not be seen; the backup goes on, and is incomplete. */
export interface SourceFailure {
  readonly path: RawPath;
  /** As `ENOENT`, `EACCES`, `EIO`. */
  readonly code: string;
}

export interface Listing {
  /** In the order of their names' bytes. Sockets are left out. */
  readonly entries: readonly SourceEntry[];
  readonly failures: readonly SourceFailure[];
}

export interface TreeSource {
  /**
   * One folder, not what is below. Synchronous, for a backup runs in a process of its own, and
   * asking the kernel one by one is several times slower through a pool of threads.
   *
   * @param before what a snapshot knows of the folder, by name. A node that says what is there now
   * (kind, size, mtime, ctime, inode) is given itself: to know that costs less than to tell it anew
   */
  list(folder: RawPath, before?: ReadonlyMap<RawPath, TreeNode>): Listing;
  /** One name, or undefined when it is not there. */
  look(path: RawPath): SourceEntry | undefined;
}

export interface AttributesRead {
  /** Of the paths that have any. */
  readonly attributes: ReadonlyMap<RawPath, readonly ExtendedAttribute[]>;
  readonly failures: readonly SourceFailure[];
}

/** Extended attributes, many paths at once: asking takes a process of its own. */
export type ReadAttributes = (paths: readonly RawPath[]) => Promise<AttributesRead>;

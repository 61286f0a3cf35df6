/**
 * Where a snapshot is restored into: the port through which the flow makes names and sends
 * contents. Paths are relative to the target's root. What cannot be made is an outcome; a thread
 * that dies rejects.
 *
 * T1. A name has its old content or its whole new one.
 * T2. Nothing outside of the root is changed, whatever the snapshot or others below the root do.
 * T3. What stays although it differs is `kept`: it is newer, or nothing may be overwritten.
 */
import type { DeviceNode, FileNode, FolderNode, LinkNode, PipeNode } from "../format/tree-node.ts";
import type { RawPath } from "../raw-path.ts";

export type Outcome =
  | { readonly kind: "done" }
  | { readonly kind: "kept" }
  /** `code` as `ENOSPC`. */
  | { readonly kind: "failed"; readonly code: string; readonly reason: string };

export type FolderOutcome =
  /** `names` are those that are in it; what killed restores left is gone. */
  | { readonly kind: "ready"; readonly names: ReadonlySet<RawPath> }
  | Exclude<Outcome, { readonly kind: "done" }>;

export interface RestoreTarget {
  /** Threads that write. Jobs of one lane are done in the order of their calls. */
  readonly lanes: number;
  /** What is at its root. */
  readonly names: ReadonlySet<RawPath>;
  /** Its parent is there. `isMeant`: one that is there already gets the node's metadata. */
  folder(path: RawPath, node: FolderNode, isMeant: boolean): FolderOutcome;
  /**
   * Whether a file of the node's size and mtime is there; it gets the rest of the metadata. Of
   * another kind: whether it is there as the node says it.
   */
  takePresent(path: RawPath, node: FileNode | SpecialNode): boolean;
  /** Whether both are names of one file. */
  areOne(path: RawPath, other: RawPath): boolean;
  special(path: RawPath, node: SpecialNode): Promise<Outcome>;
  /** One more name for `first`, which is restored or was found as it should be. */
  hardLink(path: RawPath, node: FileNode | SpecialNode, first: RawPath): Outcome;
  write(lane: number, job: WriteJob): Promise<WriteReport>;
  /** Reads files back, from their names. */
  readBack(lane: number, files: readonly FileToCheck[]): Promise<readonly CheckedFile[]>;
  /** Takes a name away, and all below it when it is a folder; `kept` when not all of it may go. */
  remove(path: RawPath, mayGo: (path: RawPath) => boolean): Outcome;
  /** What had to wait until all is made; what of it could not be done. */
  end(): Promise<readonly FailedPath[]>;
}

/** All that is neither a file with content nor a folder. */
export type SpecialNode = LinkNode | DeviceNode | PipeNode;

export interface FailedPath {
  readonly path: RawPath;
  readonly reason: string;
}

/** A file that begins with a job; it is finished when all its bytes were written. */
export interface FileToWrite {
  /** Of this file alone, for as long as the target lives. */
  readonly number: number;
  readonly path: RawPath;
  /** Of its content. */
  readonly sizeBytes: number;
  readonly node: Pick<
    FileNode,
    "permissions" | "mtimeNs" | "atimeNs" | "uid" | "gid" | "attributes"
  >;
  /** Whether something may have its name, so that it is asked before anything is written. */
  readonly isThere: boolean;
}

export interface BlobToWrite {
  readonly id: Uint8Array;
  /** Where it lies in the job's bytes. */
  readonly at: number;
  readonly length: number;
  /** As in the index; -1 for a content that is open already. */
  readonly plainLength: number;
  /** Numbers of files, each followed by an offset in that file. */
  readonly targets: ArrayLike<number>;
}

export interface WriteJob {
  readonly begins: readonly FileToWrite[];
  /** The target takes them over. */
  readonly bytes: Uint8Array;
  readonly blobs: readonly BlobToWrite[];
  /** Numbers of files of which nothing shall be left. */
  readonly givesUp: readonly number[];
}

export interface WriteReport {
  /** Files that have their names. */
  readonly done: readonly number[];
  /** Files that are at another end. */
  readonly ended: readonly EndedOtherwise[];
  /** Indexes of blobs that are not what they should be; nothing of them was written. */
  readonly damaged: readonly number[];
}

export interface EndedOtherwise {
  readonly number: number;
  readonly outcome: Exclude<Outcome, { readonly kind: "done" }>;
}

export interface FileToCheck {
  readonly path: RawPath;
  /** The pieces of its content, in order. */
  readonly ids: readonly string[];
  readonly lengths: readonly number[];
}

export type CheckedFile =
  | { readonly kind: "whole" /** SHA-256 in hex. */; readonly hash: string }
  | { readonly kind: "differs"; readonly reason: string };

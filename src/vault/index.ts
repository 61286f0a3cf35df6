/**
 * The vault: a repository in the public restic format, version 2, in several places at once.
 * Pure functions over ports: places, the tree that is protected, kernels and threads are handed in.
 */

export type {
  DeviceNode,
  ExtendedAttribute,
  FileNode,
  FolderNode,
  LinkNode,
  NodeBase,
  PipeNode,
  Tree,
  TreeNode,
} from "./format/tree-node.ts";
export type { Cutter, CutterOptions, Kernels } from "./kernels.ts";
export {
  type ByteRange,
  type FaultKind,
  type FileKind,
  type FileName,
  faultKinds,
  fileKinds,
  folderOfKind,
  isFileId,
  type ListedFile,
  type Location,
  LocationFault,
  type LocationTraits,
  pathOfFile,
} from "./location.ts";
export {
  joinRaw,
  type RawPath,
  rawPathOfBytes,
  rawPathOfText,
  systemPath,
  textOfRawPath,
} from "./raw-path.ts";
export type { Listing, SourceEntry, SourceFailure, TreeSource } from "./tree-source.ts";

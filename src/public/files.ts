/**
 * `soulmirror/files`: files that are always whole, for code that calls these functions, and a patch
 * of node's `fs` for code that does not.
 */
import { type FileOperations, robustFileOps } from "../engine/files/index.ts";

export {
  type Appended,
  type AppendOptions,
  type Change,
  type CheckOptions,
  type Content,
  createFileOperations,
  type Damage,
  FileError,
  type FileOperations,
  type FileOperationsOptions,
  type Healing,
  type OwnFileErrorCode,
  type PatchOptions,
  patchFileSystem,
  type ReadJsonOptions,
  type ReadOptions,
  robustFileOps,
  type SafeJson,
  type TextOptions,
  type Validate,
  type WaitOptions,
  type WriteJsonOptions,
  type WriteOptions,
  type Written,
} from "../engine/files/index.ts";

export const safeWriteFile: FileOperations["safeWriteFile"] = robustFileOps.safeWriteFile;
export const safeReadFile: FileOperations["safeReadFile"] = robustFileOps.safeReadFile;
export const safeAppendFile: FileOperations["safeAppendFile"] = robustFileOps.safeAppendFile;
export const safeUpdateFile: FileOperations["safeUpdateFile"] = robustFileOps.safeUpdateFile;
export const safeMkdir: FileOperations["safeMkdir"] = robustFileOps.safeMkdir;
export const safeDelete: FileOperations["safeDelete"] = robustFileOps.safeDelete;
export const safeJson: FileOperations["safeJson"] = robustFileOps.safeJson;

/**
 * Robust files: whole, durable, with their last versions beside them, for writers and readers that
 * may be many and may die at any moment; and a patch of node's `fs` for code that stays as it is.
 */
export type { Chunk, Content, Digest, Validate } from "./content.ts";
export type { Damage } from "./damage.ts";
export { FileError, type OwnFileErrorCode } from "./file-error.ts";
export type { AppendOptions, FileOperations, TextOptions } from "./file-operations.ts";
export type { Healing, Told } from "./healing.ts";
export type { ReadJsonOptions, SafeJson, WriteJsonOptions } from "./json-file.ts";
export { createFileOperations } from "./operations.ts";
export type {
  CheckOptions,
  FileOperationsOptions,
  ReadOptions,
  WaitOptions,
  WriteOptions,
} from "./options.ts";
export { type PatchOptions, patchFileSystem } from "./patch/patch-file-system.ts";
export { robustFileOps } from "./robust-file-ops.ts";
export type { Appended, Change, Written } from "./written.ts";

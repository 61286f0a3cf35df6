import type { FileOperations } from "./file-operations.ts";
import { createFileOperations } from "./operations.ts";

/** The file operations with their defaults, for code that has no listener of its own. */
export const robustFileOps: FileOperations = createFileOperations();

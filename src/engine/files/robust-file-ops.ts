import { createFileOperations, type FileOperations } from "./operations.ts";

/** The file operations with their defaults, for code that has no listener of its own. */
export const robustFileOps: FileOperations = createFileOperations();

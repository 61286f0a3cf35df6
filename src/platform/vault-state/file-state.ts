/** A file of the data directory behind the vault's port `StateFile`. */
import { readFile } from "node:fs/promises";
import { writeDurably } from "../../system/index.ts";
import type { StateFile } from "../../vault/index.ts";

/** @param path its folder is there */
export function createFileState(path: string): StateFile {
  return {
    async read() {
      try {
        return await readFile(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
      }
    },
    write: (bytes) => writeDurably(path, bytes),
  };
}

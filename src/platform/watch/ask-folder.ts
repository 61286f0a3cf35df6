/** The calls of the system that a watch makes; what they say no to is a value. */
import { type Dirent, type FSWatcher, lstatSync, readdirSync, type Stats, watch } from "node:fs";
import { messageOf } from "../../kernel/index.ts";
import { type RawPath, systemPath } from "../../vault/index.ts";

/** Undefined when nothing is there, or nothing that could be seen. */
export function lookAt(path: RawPath): Stats | undefined {
  try {
    return lstatSync(systemPath(path), { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** @returns the code of the failure when it cannot be listed */
export function listFolder(path: RawPath): readonly Dirent<RawPath>[] | string {
  try {
    // One character a byte is what a RawPath is.
    const options = { withFileTypes: true, encoding: "latin1" } as const;
    return readdirSync(systemPath(path), options) as Dirent<RawPath>[];
  } catch (error) {
    return codeOf(error);
  }
}

export interface Ears {
  /** `name` is null when the kernel does not say it. */
  hear(type: "change" | "rename", name: RawPath | null): void;
  fail(): void;
}

/** @returns the code of the failure when it cannot be watched */
export function openWatch(path: RawPath, ears: Ears): FSWatcher | string {
  try {
    const watcher = watch(systemPath(path), { encoding: "latin1" }, (type, name) => {
      ears.hear(type, name as RawPath | null);
    });
    watcher.on("error", () => ears.fail());
    return watcher;
  } catch (error) {
    return codeOf(error);
  }
}

function codeOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    return error.code;
  }
  return messageOf(error);
}

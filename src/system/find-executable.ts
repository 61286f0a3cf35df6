import { accessSync, constants, statSync } from "node:fs";
import { delimiter, resolve } from "node:path";

export interface Search {
  /** What a path with a slash is relative to; undefined is our own folder. */
  readonly cwd?: string | undefined;
  /** The PATH of the command, which may differ from ours. */
  readonly path: string;
}

/** The file that starting `program` would run, or undefined when there is none. Looks only. */
export function findExecutable(program: string, search: Search): string | undefined {
  const cwd = search.cwd ?? ".";
  if (program === "") return undefined;
  const folders = program.includes("/") ? ["."] : search.path.split(delimiter);
  return folders.map((folder) => resolve(cwd, folder, program)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // Not there or not ours to run: the next folder may have it.
    return false;
  }
}

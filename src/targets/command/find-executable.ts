import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, resolve } from "node:path";

export interface Search {
  /** What a path with a slash is relative to; undefined is our own folder. */
  readonly cwd?: string | undefined;
  /** The PATH of the command, which may differ from ours. */
  readonly path: string;
}

/** The file that starting `program` would run, or undefined when there is none. Looks only. */
export async function findExecutable(program: string, search: Search): Promise<string | undefined> {
  const cwd = search.cwd ?? ".";
  if (program === "") return undefined;
  if (program.includes("/")) return executable(resolve(cwd, program));
  for (const folder of search.path.split(delimiter)) {
    const found = await executable(resolve(cwd, folder, program));
    if (found !== undefined) return found;
  }
  return undefined;
}

async function executable(path: string): Promise<string | undefined> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile() ? path : undefined;
  } catch {
    // Not there or not ours to run: the next folder may have it.
    return undefined;
  }
}

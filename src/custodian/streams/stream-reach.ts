/** How far a stream can be restored, as it lies in the vault's folder on this machine. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { linesIn } from "./stream-folder.ts";

export interface StreamReach {
  readonly name: string;
  /** The last moment that can be restored, by the server's clock; undefined: there is none. */
  readonly reachedMs?: number;
  /** When everything was copied the last time. */
  readonly baseMs?: number;
}

/** In the order of the names. */
export async function streamReaches(
  vaultFolder: string,
  names: readonly string[],
): Promise<readonly StreamReach[]> {
  const reaches: StreamReach[] = [];
  for (const name of names) {
    const folder = join(vaultFolder, "streams", name);
    const notes = existsSync(folder) ? (await linesIn(folder)).map(({ note }) => note) : [];
    // A line without a base is no use yet.
    const reached = notes.findLast(({ bases, covered }) => bases.length > 0 && covered);
    const baseMs = reached?.bases.at(-1)?.atMs;
    const reachedMs = reached?.covered?.atMs;
    reaches.push({
      name,
      ...(reachedMs === undefined ? {} : { reachedMs }),
      ...(baseMs === undefined ? {} : { baseMs }),
    });
  }
  return reaches;
}

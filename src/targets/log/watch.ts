/**
 * The files behind one watched name or glob, and which of their new lines match.
 *
 * W1. What was in a file before the first look is not news; a file that appears later is read from
 *     its start, except under the name of a generation (`.1`, `.gz`): that is a copy of what was
 *     read already.
 * W2. A file that is no longer found under the name (rotated away, deleted) is read to its end
 *     once more and let go, so that a deleted file gives its space back.
 * W3. At most `filesMax` files are held open and `bytesMax` bytes are read in one look.
 */
import { messageOf } from "../../kernel/index.ts";
import { codeOf } from "../check-reading.ts";
import type { SeenFile } from "../find-files.ts";
import type { TextPattern } from "../text-pattern.ts";
import { FollowedFile } from "./followed-file.ts";

export const filesMax = 64;
const generation = /\.(?:\d{1,3}|gz|xz|zst|bz2|old|bak)$/;
const bytesMax = 2 * 1024 * 1024;

export interface Matches {
  count: number;
  /** The last one. */
  line: string;
  /** Why a file could not be read. */
  trouble?: string;
}

export class Watch {
  readonly #patterns: readonly TextPattern[];
  readonly #files = new Map<string, FollowedFile>();
  #isFirst = true;
  #isClosed = false;

  constructor(patterns: readonly TextPattern[]) {
    this.#patterns = patterns;
  }

  /** When not all files were found (`isWhole` is false), those that are missing may be there. */
  async look(found: readonly SeenFile[], { isWhole }: { isWhole: boolean }): Promise<Matches> {
    const matches: Matches = { count: 0, line: "" };
    const isFirst = this.#isFirst;
    if (isWhole) this.#isFirst = false;
    const present = new Map(found.map((file) => [file.id, file.path]));
    for (const [id, path] of present) {
      if (this.#files.has(id) || this.#files.size >= filesMax) continue;
      const from = isFirst || generation.test(path) ? "end" : "start";
      await this.#follow({ id, path, from }, matches);
    }
    for (const [id, file] of this.#files) {
      await this.#read(file, matches);
      const stays = present.has(id) || !isWhole;
      if (stays && !this.#isClosed) continue;
      this.#files.delete(id);
      await file.close();
    }
    return matches;
  }

  /** What a look still holds is closed when that look ends. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const [id, file] of this.#files) {
      this.#files.delete(id);
      await file.close();
    }
  }

  async #follow(
    { id, path, from }: { id: string; path: string; from: "start" | "end" },
    matches: Matches,
  ): Promise<void> {
    try {
      this.#files.set(id, await FollowedFile.open(path, from));
    } catch (error) {
      // Rotated away since it was found: that is no trouble.
      if (codeOf(error) !== "ENOENT") matches.trouble ??= messageOf(error);
    }
  }

  async #read(file: FollowedFile, matches: Matches): Promise<void> {
    try {
      for await (const lines of file.read(bytesMax)) this.#count(lines, matches);
    } catch (error) {
      matches.trouble ??= messageOf(error);
    }
  }

  /** A line counts once, however many patterns it matches. */
  #count(lines: readonly string[], matches: Matches): void {
    const hits = new Set(this.#patterns.flatMap((pattern) => pattern.matching(lines)));
    if (hits.size === 0) return;
    matches.count += hits.size;
    matches.line = lines[Math.max(...hits)] ?? "";
  }
}

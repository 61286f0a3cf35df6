/**
 * The files behind one watched name or glob, and which of their new lines match.
 *
 * W1. What was in a file before the first look is not news; a file that appears later is read from
 *     its start, except under the name of a generation (`.1`, `.gz`): that is a copy of what was
 *     read already.
 * W2. A file that is no longer found under the name (rotated away, deleted) is read once more and
 *     let go, so that a deleted file gives its space back.
 * W3. Of many files the `filesMax` that were written last are held open, of the others only the
 *     size is known; in one look at most `bytesMax` bytes of each are read. While a folder cannot
 *     be looked into, files that are not found stay open, and as many again at most.
 */
import { messageOf } from "../../kernel/index.ts";
import { codeOf } from "../check-reading.ts";
import type { SeenFile } from "../find-files.ts";
import type { TextPattern } from "../text-pattern.ts";
import { FollowedFile } from "./followed-file.ts";

const filesMax = 64;
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
  /** Of all files that the last look found, by id; undefined before the first. */
  #sizes: ReadonlyMap<string, number> | undefined;
  #isClosed = false;

  constructor(patterns: readonly TextPattern[]) {
    this.#patterns = patterns;
  }

  /** When not all files were found (`isWhole` is false), those that are missing may be there. */
  async look(found: readonly SeenFile[], { isWhole }: { isWhole: boolean }): Promise<Matches> {
    const matches: Matches = { count: 0, line: "" };
    const byNews = [...found].sort((a, b) => b.modifiedMs - a.modifiedMs);
    const present = new Set(byNews.slice(0, filesMax).map(({ id }) => id));
    for (const file of byNews.slice(0, filesMax)) {
      if (!this.#files.has(file.id)) await this.#follow(file, matches);
    }
    for (const [id, file] of this.#files) {
      await this.#read(file, matches);
      const mayBeThere = !isWhole && this.#files.size <= 2 * filesMax;
      const stays = present.has(id) || (mayBeThere && !(await file.isDeleted()));
      if (stays && !this.#isClosed) continue;
      this.#files.delete(id);
      await file.close();
    }
    if (isWhole) this.#sizes = new Map(found.map(({ id, sizeBytes }) => [id, sizeBytes]));
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

  async #follow({ id, path, sizeBytes }: SeenFile, matches: Matches): Promise<void> {
    // Keeps W1.
    const unseen = this.#sizes === undefined || generation.test(path) ? sizeBytes : 0;
    try {
      this.#files.set(id, await FollowedFile.open(path, this.#sizes?.get(id) ?? unseen));
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

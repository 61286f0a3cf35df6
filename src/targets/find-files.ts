/**
 * Finds the files that a path or glob names, in order to look at them.
 *
 * F1. Links are followed where a path part is written out or a single `*` names it, but `**` does
 *     not enter them, so that no circle is walked.
 * F2. It never enters a file system that the kernel makes up (/proc, /sys, ...): there, reading is
 *     an action.
 * F3. It looks at no more than `entriesMax` entries and ends soon after an abort.
 * F4. What vanishes or may not be read on the way is passed over; the first reason is kept.
 */
import { lstat, opendir, stat, statfs } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Result, success } from "../kernel/index.ts";
import type { AbortSignalLike } from "../model/index.ts";
import { codeOf } from "./check-reading.ts";
import { cleanPattern } from "./files/clean-pattern.ts";

export interface SeenFile {
  readonly path: string;
  /** Device and inode: the file itself, under all its names. */
  readonly id: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

export interface Found {
  readonly files: readonly SeenFile[];
  /** Why something could not be looked at. */
  readonly passedOver?: string | undefined;
  /** F3 ended it early. */
  readonly isCut: boolean;
}

export interface FindOptions {
  readonly signal: AbortSignalLike;
  readonly filesMax: number;
  /** Of a folder that is named itself, its files are meant. */
  readonly opensFolders: boolean;
}

const entriesMax = 100_000;
const depthMax = 16;

/** Fails when the pattern is none. */
export async function findFiles(pattern: string, options: FindOptions): Promise<Result<Found>> {
  const parts = resolve(pattern)
    .split("/")
    .filter((part) => part !== "");
  const checked = parts.filter(isGlob).map((part) => cleanPattern(part));
  for (const each of checked) if (!each.ok) return each;
  const search = new Search(options);
  await search.walk("/", parts);
  return success({
    files: search.files,
    passedOver: search.passedOver,
    isCut: search.isCut,
  });
}

function isGlob(text: string): boolean {
  return /[*?[{]/.test(text);
}

class Search {
  readonly files: SeenFile[] = [];
  passedOver: string | undefined;
  isCut = false;
  readonly #options: FindOptions;
  readonly #madeUp = new Map<number, boolean>();
  #entries = 0;

  constructor(options: FindOptions) {
    this.#options = options;
  }

  async walk(folder: string, parts: readonly string[], depth = 0): Promise<void> {
    const [part, ...rest] = parts;
    if (part === undefined || this.#isOver()) return;
    if (!isGlob(part)) {
      const path = join(folder, part);
      if (rest.length > 0) await this.walk(path, rest, depth);
      else await this.#look(path);
    } else if (part === "**") {
      await this.#everywhere(folder, rest.length > 0 ? rest : ["*"], depth);
    } else {
      const pattern = cleanPattern(part);
      for await (const name of this.#namesIn(folder)) {
        if (!pattern.ok || !pattern.value.matches(name)) continue;
        const path = join(folder, name);
        if (rest.length > 0) await this.walk(path, rest, depth);
        else await this.#look(path, { opens: false });
      }
    }
  }

  /** `folder` itself and all folders below it. */
  async #everywhere(folder: string, rest: readonly string[], depth: number): Promise<void> {
    await this.walk(folder, rest, depth);
    if (depth >= depthMax) return;
    for await (const name of this.#namesIn(folder)) {
      const path = join(folder, name);
      if (name.startsWith(".") || !(await this.#isRealFolder(path))) continue;
      await this.#everywhere(path, rest, depth + 1);
    }
  }

  async *#namesIn(folder: string): AsyncGenerator<string> {
    try {
      if (await this.#isMadeUp(folder, (await stat(folder)).dev)) return;
      for await (const { name } of await opendir(folder)) {
        this.#entries += 1;
        if (this.#isOver()) return;
        yield name;
      }
    } catch (error) {
      this.#passOver(folder, error);
    }
  }

  async #isRealFolder(path: string): Promise<boolean> {
    try {
      return (await lstat(path)).isDirectory();
    } catch (error) {
      this.#passOver(path, error);
      return false;
    }
  }

  async #look(path: string, { opens } = { opens: this.#options.opensFolders }): Promise<void> {
    try {
      const found = await stat(path);
      if (await this.#isMadeUp(path, found.dev)) return;
      if (opens && found.isDirectory()) {
        for await (const name of this.#namesIn(path)) {
          await this.#look(join(path, name), { opens: false });
        }
      }
      if (!found.isFile()) return;
      if (this.files.length >= this.#options.filesMax) this.isCut = true;
      else {
        const { size: sizeBytes, mtimeMs: modifiedMs } = found;
        this.files.push({ path, id: `${found.dev}:${found.ino}`, sizeBytes, modifiedMs });
      }
    } catch (error) {
      this.#passOver(path, error);
    }
  }

  /** Keeps F2. The kind of a file system is asked for once. */
  async #isMadeUp(path: string, deviceId: number): Promise<boolean> {
    const known = this.#madeUp.get(deviceId);
    if (known !== undefined) return known;
    const isMadeUp = madeUpKinds.has((await statfs(path)).type);
    this.#madeUp.set(deviceId, isMadeUp);
    if (isMadeUp) this.passedOver ??= `${path} is no place for files`;
    return isMadeUp;
  }

  #passOver(path: string, error: unknown): void {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return;
    this.passedOver ??= `${path} cannot be read (${code})`;
  }

  #isOver(): boolean {
    if (this.#options.signal.aborted || this.#entries > entriesMax) this.isCut = true;
    return this.isCut;
  }
}

/** proc, sysfs, cgroup, cgroup2, debugfs, tracefs, securityfs, bpf: from linux/magic.h. */
const madeUpKinds: ReadonlySet<number> = new Set([
  0x9fa0, 0x62656572, 0x27e0eb, 0x63677270, 0x64626720, 0x74726163, 0x73636673, 0xcafe4a11,
]);

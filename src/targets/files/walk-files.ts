/**
 * Walks the files below an open root that match a pattern.
 *
 * K1. Links are neither followed nor reported, and nothing is but regular files.
 * K2. It never leaves the mount of its root, and enters none of the folders in `sealed`.
 * K3. While a file is reported its folder is held open, so `at` stays that very folder's entry
 *     whatever is renamed or linked meanwhile.
 * K4. What vanishes or may not be read on the way is passed over, and counted.
 * K5. Its depth and the number of entries it looks at are limited.
 */
import type { Dirent } from "node:fs";
import { lstat, opendir } from "node:fs/promises";
import { messageOf } from "../../kernel/index.ts";
import type { AbortSignalLike } from "../../model/index.ts";
import { codeOf } from "../check-reading.ts";
import type { CleanPattern } from "./clean-pattern.ts";
import { type OpenFolder, openFolder } from "./open-folder.ts";

export interface FoundFile {
  /** Where it lies. */
  readonly folder: OpenFolder;
  /** Its address, valid until the next one is asked for. */
  readonly at: Buffer;
  /** Relative to the root, for people. */
  readonly path: string;
  /** What deleting it gives back: nothing while it has other names. */
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

export interface Walk {
  readonly pattern: CleanPattern;
  /** Ids of folders (see OpenFolder) that are not entered. */
  readonly sealed: ReadonlySet<string>;
  readonly signal: AbortSignalLike;
  /** Filled in on the way. */
  readonly notes: WalkNotes;
}

export interface WalkNotes {
  entries: number;
  passedOver: number;
  /** Why the first one was passed over. */
  reason?: string;
  /** The limit of K5 or the deadline ended the walk. */
  isCut: boolean;
}

const depthMax = 64;
const entriesMax = 1_000_000;

export function newNotes(): WalkNotes {
  return { entries: 0, passedOver: 0, isCut: false };
}

export async function* walkFiles(root: OpenFolder, walk: Walk): AsyncGenerator<FoundFile> {
  yield* walkFolder({ folder: root, root, path: "", depth: 1 }, walk);
}

interface Level {
  readonly folder: OpenFolder;
  readonly root: OpenFolder;
  /** Ends with `/`; "" is the root. */
  readonly path: string;
  readonly depth: number;
}

async function* walkFolder(level: Level, walk: Walk): AsyncGenerator<FoundFile> {
  const { folder, path } = level;
  for await (const entry of await entriesOf(folder, walk)) {
    if (isOver(walk)) return;
    const entryPath = path + entry.name.toString();
    if (entry.isDirectory() || isUnknown(entry)) {
      yield* walkBelow(level, entry.name, walk);
    }
    if ((entry.isFile() || isUnknown(entry)) && walk.pattern.matches(entryPath)) {
      const found = await look(folder.entry(entry.name), entryPath, walk);
      if (found) yield { ...found, folder };
    }
  }
}

type BufferEntry = Dirent<Buffer>;

/** Names as bytes: one that is not UTF-8 could not be found again by its text. */
async function entriesOf(folder: OpenFolder, walk: Walk): Promise<AsyncIterable<BufferEntry>> {
  try {
    const listing = await opendir(folder.at, {
      encoding: "buffer" as BufferEncoding,
      bufferSize: 256,
    });
    return listing as unknown as AsyncIterable<BufferEntry>;
  } catch (error) {
    passOver(walk.notes, error);
    return (async function* none(): AsyncGenerator<BufferEntry> {})();
  }
}

async function* walkBelow(level: Level, name: Buffer, walk: Walk): AsyncGenerator<FoundFile> {
  if (level.depth >= Math.min(depthMax, walk.pattern.partsMax)) return;
  let folder: OpenFolder;
  try {
    folder = await openFolder(level.folder, name);
  } catch (error) {
    // A link or file that took its place is simply none of ours (K1).
    if (!["ENOTDIR", "ELOOP", "ENOENT"].includes(codeOf(error))) passOver(walk.notes, error);
    return;
  }
  try {
    if (!isInside(folder, level.root) || walk.sealed.has(folder.id)) return;
    const path = `${level.path}${name.toString()}/`;
    yield* walkFolder({ folder, root: level.root, path, depth: level.depth + 1 }, walk);
  } finally {
    await folder[Symbol.asyncDispose]();
  }
}

/** Keeps K2. */
function isInside(folder: OpenFolder, root: OpenFolder): boolean {
  return folder.deviceId === root.deviceId && folder.mountId === root.mountId;
}

type Seen = Omit<FoundFile, "folder">;

async function look(at: Buffer, path: string, walk: Walk): Promise<Seen | undefined> {
  try {
    const stat = await lstat(at);
    if (!stat.isFile()) return undefined;
    const sizeBytes = stat.nlink === 1 ? stat.size : 0;
    return { at, path, sizeBytes, modifiedMs: stat.mtimeMs };
  } catch (error) {
    if (codeOf(error) !== "ENOENT") passOver(walk.notes, error);
    return undefined;
  }
}

function isOver({ notes, signal }: Walk): boolean {
  notes.entries += 1;
  if (!signal.aborted && notes.entries <= entriesMax) return false;
  notes.isCut = true;
  return true;
}

/** Some file systems do not say in a listing what an entry is. */
function isUnknown(entry: BufferEntry): boolean {
  return !(
    entry.isFile() ||
    entry.isDirectory() ||
    entry.isSymbolicLink() ||
    entry.isSocket() ||
    entry.isFIFO() ||
    entry.isBlockDevice() ||
    entry.isCharacterDevice()
  );
}

export function passOver(notes: WalkNotes, error: unknown): void {
  notes.passedOver += 1;
  notes.reason ??= codeOf(error) || messageOf(error);
}

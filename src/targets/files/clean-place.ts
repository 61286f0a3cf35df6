/** One place of a run of `clean`: what must hold (F1 to F3) is said in effectors.ts. */
import { isAbsolute, normalize } from "node:path";
import { messageOf } from "../../kernel/index.ts";
import type { AbortSignalLike } from "../../model/index.ts";
import { codeOf } from "../check-reading.ts";
import { type CleanPattern, cleanPattern } from "./clean-pattern.ts";
import { type OpenedRoot, openRoot } from "./open-folder.ts";
import { protectedFolders, refusalOf } from "./protected-folders.ts";
import { type FoundFile, newNotes, passOver, type WalkNotes, walkFiles } from "./walk-files.ts";

export interface Place {
  readonly root: string;
  readonly pattern: string;
  readonly olderThanMs: number;
}

export interface Sweep {
  readonly nowMs: number;
  readonly protectedPaths: readonly string[];
  readonly filesMax: number;
  readonly signal: AbortSignalLike;
  readonly deed: (file: FoundFile) => Promise<void>;
}

export interface Refused {
  readonly refusal: string;
}

/** Does `deed` to every file of the place that is to go, unless the place is none to clean. */
export async function cleanPlace(place: Place, run: Sweep): Promise<Count | Refused> {
  const pattern = cleanPattern(place.pattern);
  if (!pattern.ok) return { refusal: `${place.root} is not cleaned: ${pattern.error}` };
  const opened = await openCleanable(place.root, run.protectedPaths);
  if ("refusal" in opened) return opened;
  await using root = opened.root;
  const limits: Limits = {
    pattern: pattern.value,
    beforeMs: run.nowMs - place.olderThanMs,
    filesMax: run.filesMax,
    sealed: opened.sealed,
    signal: run.signal,
  };
  return await sweep(root, limits, run.deed);
}

type Opened = { readonly root: OpenedRoot; readonly sealed: ReadonlySet<string> } | Refused;

/** Keeps F2. */
async function openCleanable(path: string, protectedPaths: readonly string[]): Promise<Opened> {
  if (!isAbsolute(path)) return { refusal: `${path} is no absolute path` };
  if (path.includes("\0")) return { refusal: "the root is no path" };
  let root: OpenedRoot;
  try {
    root = await openRoot(normalize(path));
  } catch (error) {
    return { refusal: `${path} is not cleaned: ${messageOf(error)}` };
  }
  try {
    const folders = await protectedFolders(protectedPaths);
    const refusal = refusalOf(root.chain, folders);
    if (refusal === undefined) return { root, sealed: new Set(folders.sealed.keys()) };
    await root[Symbol.asyncDispose]();
    return { refusal: `${path} is not cleaned: ${refusal}` };
  } catch (error) {
    await root[Symbol.asyncDispose]();
    throw error;
  }
}

interface Limits {
  readonly pattern: CleanPattern;
  readonly beforeMs: number;
  readonly filesMax: number;
  readonly sealed: ReadonlySet<string>;
  readonly signal: AbortSignalLike;
}

export interface Count {
  readonly files: number;
  readonly bytes: number;
  readonly notes: WalkNotes;
}

/** Does `deed` to every file that is to go, and counts. */
async function sweep(
  root: OpenedRoot,
  limits: Limits,
  deed: (file: FoundFile) => Promise<void>,
): Promise<Count> {
  const notes = newNotes();
  let [files, bytes] = [0, 0];
  try {
    for await (const file of walkFiles(root.folder, { ...limits, notes })) {
      if (limits.signal.aborted) break;
      // The clock counts whole milliseconds, the file system finer ones.
      if (Math.floor(file.modifiedMs) > limits.beforeMs) continue;
      if (files >= limits.filesMax) {
        notes.isCut = true;
        break;
      }
      try {
        await deed(file);
        files += 1;
        bytes += file.sizeBytes;
      } catch (error) {
        // Somebody else was quicker: it is gone, as it should be.
        if (codeOf(error) !== "ENOENT") passOver(notes, error);
      }
    }
  } catch (error) {
    // Of a file system that fails, what was removed so far still counts.
    passOver(notes, error);
  }
  return { files, bytes, notes };
}

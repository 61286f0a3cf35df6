/**
 * Deletes old files below a declared root: step kind `clean`. Irreversible, so it has no undo.
 *
 * This is the most dangerous deed of the house. What must hold, whoever races with it:
 * F1. Nothing outside the root is deleted: folders are held open and never reached again by their
 *     path (see open-folder.ts); links, also in the path of the root, are not followed; mounts
 *     are not crossed.
 * F2. No protected folder is a root (see protected-folders.ts), and none is entered.
 * F3. Only regular files that match the pattern and whose last change is old enough are deleted,
 *     at most `filesMax` in a run. Folders and links stay.
 * F4. `precheck` is a dry run: it counts, and refuses when there is nothing to delete.
 * The limit that is left: a young file that takes an old one's name in the instant between the
 * look and the deletion goes in its place. It matches the pattern and lies below the root.
 */
import { unlink } from "node:fs/promises";
import { isAbsolute, normalize } from "node:path";
import { z } from "zod";
import { type Clock, formatBytes, messageOf } from "../../kernel/index.ts";
import type { AbortSignalLike, Effector, StepResult } from "../../model/index.ts";
import { guardedEffector } from "../guarded-effector.ts";
import { type CleanPattern, cleanPattern } from "./clean-pattern.ts";
import { codeOf, type OpenedRoot, openRoot } from "./open-folder.ts";
import { protectedFolders, refusalOf } from "./protected-folders.ts";
import { type FoundFile, newNotes, passOver, type WalkNotes, walkFiles } from "./walk-files.ts";

export interface CleanEffectorOptions {
  readonly clock: Clock;
  /** The data directory, the fleet file's folder if it shall be safe, ...: absolute paths. */
  readonly protectedPaths: readonly string[];
  readonly filesMax?: number;
}

const parameters = z.object({
  root: z.string().min(1),
  pattern: z.string().min(1),
  olderThanMs: z.number().nonnegative(),
});

type Parameters = z.infer<typeof parameters>;

export function createCleanEffector(options: CleanEffectorOptions): Effector {
  const { filesMax = 100_000 } = options;

  async function clean(
    given: Parameters,
    signal: AbortSignalLike,
    deed: (file: FoundFile) => Promise<void>,
  ): Promise<Count | StepResult> {
    const pattern = cleanPattern(given.pattern);
    if (!pattern.ok) return { kind: "refused", reason: pattern.error };
    const opened = await openCleanable(given.root, options.protectedPaths);
    if ("reason" in opened) return { kind: "refused", reason: opened.reason };
    await using root = opened.root;
    const limits: Limits = {
      pattern: pattern.value,
      beforeMs: options.clock.now().wallMs - given.olderThanMs,
      filesMax,
      sealed: opened.sealed,
      signal,
    };
    return await sweep(root, limits, deed);
  }

  return guardedEffector({
    kind: "clean",
    parameters,
    precheck: async (given, _command, signal) => {
      const found = await clean(given, signal, async () => undefined);
      if ("kind" in found) return found;
      if (signal.aborted) return { kind: "failed", reason: "counting took too long" };
      if (found.files > 0) return { kind: "done", detail: `would remove ${describe(found)}` };
      return { kind: "refused", reason: `nothing to clean in ${given.root}${blame(found.notes)}` };
    },
    act: async (given, _command, signal) => {
      const removed = await clean(given, signal, ({ at }) => unlink(at));
      if ("kind" in removed) return removed;
      const detail = `removed ${describe(removed)}`;
      const isOver = !signal.aborted && (removed.files > 0 || removed.notes.passedOver === 0);
      if (isOver) return { kind: "done", detail };
      return { kind: "failed", reason: signal.aborted ? `${detail} until its deadline` : detail };
    },
  });
}

type Opened =
  | { readonly root: OpenedRoot; readonly sealed: ReadonlySet<string> }
  | { readonly reason: string };

/** Keeps F2. */
async function openCleanable(path: string, protectedPaths: readonly string[]): Promise<Opened> {
  if (!isAbsolute(path)) return { reason: `${path} is no absolute path` };
  if (path.includes("\0")) return { reason: "the root is no path" };
  let root: OpenedRoot;
  try {
    root = await openRoot(normalize(path));
  } catch (error) {
    return { reason: `${path} is not cleaned: ${messageOf(error)}` };
  }
  try {
    const folders = await protectedFolders(protectedPaths);
    const refusal = refusalOf(root.chain, folders);
    if (refusal === undefined) return { root, sealed: new Set(folders.sealed.keys()) };
    await root[Symbol.asyncDispose]();
    return { reason: `${path} is not cleaned: ${refusal}` };
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

interface Count {
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
  for await (const file of walkFiles(root.folder, { ...limits, notes })) {
    if (limits.signal.aborted) break;
    if (file.modifiedMs > limits.beforeMs) continue;
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
  return { files, bytes, notes };
}

function describe({ files, bytes, notes }: Count): string {
  const amount = `${files} ${files === 1 ? "file" : "files"}, ${formatBytes(bytes)}`;
  return `${amount}${notes.isCut ? " (there is more)" : ""}${blame(notes)}`;
}

function blame({ passedOver, reason }: WalkNotes): string {
  return passedOver === 0 ? "" : `; ${passedOver} could not be read or removed (${reason})`;
}

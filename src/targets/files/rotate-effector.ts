/**
 * Rotates log files below a service's folder: step kind `rotate`. The rotation itself is the one
 * that our own logs get (ServiceLog); here is what is different about files of others.
 *
 * O1. Files are found as by `clean`: links are not followed, mounts not crossed, nothing above the
 *     folder is touched, and no sealed folder is entered.
 * O2. A folder that others may write is passed over, with its reason: they could put a link in the
 *     place of a log, and a mighty daemon would empty what it leads to (logrotate refuses it too).
 * O3. On a full disk there is no room for the copy: the oldest generations go first, one by one.
 * O4. Generations (`.1`, `.2`, ...) and packed files are not rotated again.
 */
import { access, unlink } from "node:fs/promises";
import { z } from "zod";
import { formatBytes, messageOf, type Result } from "../../kernel/index.ts";
import type { AbortSignalLike, Effector, StepResult } from "../../model/index.ts";
import { codeOf } from "../check-reading.ts";
import { guardedEffector } from "../guarded-effector.ts";
import { type Rotation, ServiceLog } from "../process/index.ts";
import { type CleanPattern, cleanPattern } from "./clean-pattern.ts";
import { type OpenedRoot, openRoot } from "./open-folder.ts";
import { protectedFolders, sealingOf } from "./protected-folders.ts";
import { type FoundFile, newNotes, passOver, type WalkNotes, walkFiles } from "./walk-files.ts";

export interface RotateEffectorOptions {
  /** Folders with no log of a service in them: the data directory above all. */
  readonly protectedPaths: readonly string[];
}

const parameters = z.object({
  files: z.array(z.string()).min(1),
  cwd: z.string().startsWith("/"),
  keep: z.number().int().min(0).max(100),
  /** Smaller files stay as they are. */
  maxBytes: z.number().positive().default(1),
});

type Parameters = z.infer<typeof parameters>;

export function createRotateEffector({ protectedPaths }: RotateEffectorOptions): Effector {
  async function each(
    given: Parameters,
    signal: AbortSignalLike,
    deed: (file: FoundFile) => Promise<unknown>,
  ): Promise<Count | StepResult> {
    const pattern = anyOf(given.files);
    if (!pattern.ok) return { kind: "refused", reason: pattern.error };
    let root: OpenedRoot;
    try {
      root = await openRoot(given.cwd);
    } catch (error) {
      return { kind: "refused", reason: messageOf(error) };
    }
    await using opened = root;
    const folders = await protectedFolders(protectedPaths);
    const seal = sealingOf(opened.chain, folders);
    if (seal !== undefined) return { kind: "refused", reason: `${given.cwd}: ${seal}` };
    const walk = { pattern: pattern.value, sealed: new Set(folders.sealed.keys()), signal };
    return await visit(opened, { ...walk, minBytes: given.maxBytes, deed });
  }

  return guardedEffector({
    kind: "rotate",
    parameters,
    precheck: async (given, _command, signal) => {
      const found = await each(given, signal, async () => undefined);
      if ("kind" in found) return found;
      if (found.files > 0) return { kind: "done", detail: `would rotate ${describe(found)}` };
      return { kind: "refused", reason: `nothing to rotate in ${given.cwd}${blame(found.notes)}` };
    },
    act: async (given, _command, signal) => {
      const rotated = await each(given, signal, (file) => rotate(file, given));
      if ("kind" in rotated) return rotated;
      const detail = `rotated ${describe(rotated)}`;
      const isOver = !signal.aborted && (rotated.files > 0 || rotated.notes.passedOver === 0);
      if (isOver) return { kind: "done", detail };
      return { kind: "failed", reason: signal.aborted ? `${detail} until its deadline` : detail };
    },
  });
}

function anyOf(globs: readonly string[]): Result<CleanPattern> {
  const patterns: CleanPattern[] = [];
  for (const glob of globs) {
    const pattern = cleanPattern(glob);
    if (!pattern.ok) return pattern;
    patterns.push(pattern.value);
  }
  const isRotated = (path: string): boolean => /\.(?:\d+|new|gz|xz|zst|bz2)$/.test(path);
  return {
    ok: true,
    value: {
      matches: (path) => !isRotated(path) && patterns.some((each) => each.matches(path)),
      partsMax: Math.max(...patterns.map((each) => each.partsMax)),
    },
  };
}

interface Visit {
  readonly pattern: CleanPattern;
  readonly sealed: ReadonlySet<string>;
  readonly signal: AbortSignalLike;
  readonly minBytes: number;
  readonly deed: (file: FoundFile) => Promise<unknown>;
}

interface Count {
  readonly files: number;
  readonly bytes: number;
  readonly notes: WalkNotes;
}

async function visit(root: OpenedRoot, { minBytes, deed, ...walk }: Visit): Promise<Count> {
  const notes = newNotes();
  let [files, bytes] = [0, 0];
  for await (const file of walkFiles(root.folder, { ...walk, notes })) {
    if (walk.signal.aborted) break;
    // A file with a second name has size 0 here: what the other name is for, nobody knows.
    if (file.sizeBytes < minBytes) continue;
    try {
      if (!file.folder.isOurs) throw new Error("others may write its folder");
      await deed(file);
      files += 1;
      bytes += file.sizeBytes;
    } catch (error) {
      passOver(notes, error);
    }
  }
  return { files, bytes, notes };
}

const diskFull: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT"]);

/** Keeps O3. */
async function rotate(file: FoundFile, { maxBytes, keep }: Rotation): Promise<void> {
  // Tools that the rotation starts have a /proc/self of their own.
  const path = file.at.toString().replace(/^\/proc\/self\//, `/proc/${process.pid}/`);
  const log = new ServiceLog(path);
  for (;;) {
    try {
      await log.rotate({ maxBytes, keep });
      return;
    } catch (error) {
      if (!diskFull.has(codeOf(error))) throw error;
      if (!(await dropOldest(path, keep))) throw error;
    }
  }
}

/** False when there is none left. */
async function dropOldest(path: string, keep: number): Promise<boolean> {
  for (let generation = keep; generation >= 1; generation -= 1) {
    try {
      await access(`${path}.${generation}`);
    } catch {
      // There never were so many: a younger one is the oldest.
      continue;
    }
    await unlink(`${path}.${generation}`);
    return true;
  }
  return false;
}

function describe({ files, bytes, notes }: Count): string {
  const amount = `${files} ${files === 1 ? "file" : "files"}, ${formatBytes(bytes)}`;
  return `${amount}${notes.isCut ? " (there is more)" : ""}${blame(notes)}`;
}

function blame({ passedOver, reason }: WalkNotes): string {
  return passedOver === 0 ? "" : `; ${passedOver} could not be rotated (${reason})`;
}

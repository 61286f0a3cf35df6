/**
 * A new content in place of an old one, as a whole.
 *
 * W1. At every moment, also after a kill or a power cut, the path has the old content or the new
 *     one, whole. What fails leaves the old one.
 * W2. What was given is read back before it is put in place.
 * W3. Mode and owner stay what they were; where the owner cannot be kept, nothing is written.
 */
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { messageOf } from "../../kernel/index.ts";
import { syncFolder } from "../../system/index.ts";
import {
  bytesOf,
  type Chunk,
  type Content,
  type Digest,
  digestOf,
  emptyContent,
  isWhole,
  pour,
  type Rules,
  refuseWrong,
} from "./content.ts";
import { codeOf, FileError, fileError } from "./file-error.ts";
import type { Tell } from "./healing.ts";
import { freshPath } from "./side-names.ts";
import { lookAt, type Present } from "./target.ts";
import { copyOf, shiftVersions } from "./versions.ts";

export interface ReplaceOptions extends Rules {
  /** Of a new file; undefined: 0666 without the umask. */
  readonly mode: number | undefined;
  readonly isDurable: boolean;
  /** Undefined: the versions stay as they are. */
  readonly keep: number | undefined;
  /** False: the older versions move on, and there is no copy of this one; default true. */
  readonly isCopied?: boolean;
  readonly signal: AbortSignal | undefined;
  readonly tell: Tell;
  /** When given, the file must still be that one. */
  readonly expected?: { readonly version: string | undefined };
}

export interface Replaced extends Digest {
  readonly isNew: boolean;
}

/** The caller holds the lock. Keeps W1 to W3. */
export async function replaceWhole(
  target: string,
  content: Content,
  options: ReplaceOptions,
): Promise<Replaced> {
  if (isWhole(content)) refuseWrong(bytesOf(content), target, options);
  const before = await lookAt(target);
  const fresh = freshPath(target);
  const copy = freshPath(target);
  try {
    const digest = await draft(fresh, content, { ...options, target, before });
    const isAsked = options.isCopied !== false && (options.keep ?? 0) > 0;
    const isCopied = isAsked && (await tryCopy(fresh, copy, { ...options, target }));
    options.signal?.throwIfAborted();
    await putInPlace({ target, fresh, copy: isCopied ? copy : undefined, before, options });
    return { ...digest, isNew: before === undefined };
  } catch (error) {
    await rm(fresh, { force: true });
    await rm(copy, { force: true });
    throw error;
  }
}

interface Draft extends ReplaceOptions {
  readonly target: string;
  readonly before: Present | undefined;
}

/** The new content under another name, synced and read back. */
async function draft(fresh: string, content: Content, options: Draft): Promise<Digest> {
  const { target, before, mode, signal } = options;
  const file = await open(fresh, "wx", before === undefined ? mode : 0o600);
  let given: Digest;
  try {
    given = await pour(file, isWhole(content) ? content : watched(content, signal));
    if (given.sizeBytes === 0 && !options.allowEmpty) throw emptyContent(target);
    if (before !== undefined) await keepRights(file, before, target);
    await makeExecutable(file, content, options);
    if (options.isDurable) await file.sync();
  } finally {
    await file.close();
  }
  const found = await digestOf(fresh);
  if (found.sizeBytes === given.sizeBytes && found.sha256 === given.sha256) return given;
  throw fileError(
    "FILE_NOT_AS_WRITTEN",
    `${given.sizeBytes} bytes were written for ${target}, and ${found.sizeBytes} came back wrong`,
    { path: target, fix: "check the disk; what was in the file is unchanged" },
  );
}

async function* watched(
  content: AsyncIterable<Chunk> | Iterable<Chunk>,
  signal: AbortSignal | undefined,
): AsyncIterable<Chunk> {
  for await (const chunk of content) {
    signal?.throwIfAborted();
    yield chunk;
  }
}

/** Keeps W3. Owner first: that takes set-user-id bits away. */
async function keepRights(file: FileHandle, before: Present, target: string): Promise<void> {
  const own = await file.stat();
  if (own.uid !== before.uid || own.gid !== before.gid) {
    await file.chown(before.uid, before.gid).catch((error: unknown) => {
      const owner = `user ${before.uid}, group ${before.gid}`;
      throw new FileError(codeOf(error) ?? "EPERM", `${target} belongs to ${owner} (EPERM)`, {
        path: target,
        fix: "run as that user, or give the file to the user of this process (chown)",
        cause: error,
      });
    });
  }
  await file.chmod(before.mode);
}

/** A new script, or one that takes the place of something else: who may read it may run it. */
async function makeExecutable(file: FileHandle, content: Content, options: Draft): Promise<void> {
  if (!isWhole(content) || !isScript(bytesOf(content))) return;
  if (options.before !== undefined && (await wasScript(options.target))) return;
  const mode = (await file.stat()).mode & 0o7777;
  const wanted = mode | ((mode & 0o444) >> 2);
  if (wanted === mode) return;
  await file.chmod(wanted);
  options.tell({ kind: "made_executable", path: options.target });
}

function isScript(bytes: Uint8Array): boolean {
  return bytes[0] === 0x23 && bytes[1] === 0x21;
}

async function wasScript(path: string): Promise<boolean> {
  const file = await open(path, "r").catch(() => undefined);
  // We may write it and not read it: its bits stay what they are.
  if (file === undefined) return true;
  try {
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return isScript(buffer);
  } finally {
    await file.close();
  }
}

/** Without the copy the file is written all the same: that is worth more. */
async function tryCopy(fresh: string, copy: string, options: CopyFor): Promise<boolean> {
  try {
    await copyOf(fresh, copy, options.isDurable);
    return true;
  } catch (error) {
    await rm(copy, { force: true });
    const reason = messageOf(error);
    options.tell({ kind: "version_not_kept", path: options.target, reason });
    return false;
  }
}

interface CopyFor {
  readonly target: string;
  readonly isDurable: boolean;
  readonly tell: Tell;
}

interface Placing {
  readonly target: string;
  readonly fresh: string;
  readonly copy: string | undefined;
  readonly before: Present | undefined;
  readonly options: ReplaceOptions;
}

async function putInPlace({ target, fresh, copy, before, options }: Placing): Promise<void> {
  const { keep, tell } = options;
  const versions = keep === undefined ? undefined : await shiftVersions(target, keep, before);
  try {
    await refuseConflict(target, options);
    await rename(fresh, target);
  } catch (error) {
    await versions?.undo();
    throw error;
  }
  await versions?.commit(copy).catch((error: unknown) => {
    tell({ kind: "version_not_kept", path: target, reason: messageOf(error) });
  });
  if (options.isDurable) await syncFolder(dirname(target)).catch(ignoreUnsupported);
}

async function refuseConflict(target: string, { expected }: ReplaceOptions): Promise<void> {
  if (expected === undefined || (await lookAt(target))?.version === expected.version) return;
  throw fileError("FILE_CONFLICT", `${target} was changed by somebody who takes no lock`, {
    path: target,
    fix: "let all its writers use these functions",
  });
}

/** Some file systems cannot sync a folder; their names are as durable as they get. */
function ignoreUnsupported(error: unknown): void {
  if (!["EINVAL", "ENOTSUP", "EPERM", "EISDIR"].includes(codeOf(error) ?? "")) throw error;
}

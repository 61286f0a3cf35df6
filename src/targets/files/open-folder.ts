/**
 * A folder held by its inode instead of by its name.
 *
 * Between looking at a path and using it, somebody may put a link in its place; then the deletion
 * happens somewhere else. So nothing here is ever reached by a path of more than one step: each
 * folder is opened (`O_NOFOLLOW`: a link is not opened) below one that is open already, and what
 * is in it is named `/proc/self/fd/<descriptor>/<name>`. The kernel takes the part up to the
 * descriptor from the open folder itself, wherever that is now and whatever has its old name
 * (what `openat` and `unlinkat` do; node does not offer those). Linux only.
 */
import { constants } from "node:fs";
import { type FileHandle, open, readFile } from "node:fs/promises";
import { messageOf } from "../../kernel/index.ts";
import { codeOf } from "../check-reading.ts";

export interface OpenFolder extends AsyncDisposable {
  /** Device and inode: what the folder is, under all its names. */
  readonly id: string;
  readonly deviceId: number;
  /** The mount that it lies in: a bind mount may have the same device. */
  readonly mountId: string;
  /** Nobody but us may put another thing in the place of an entry. */
  readonly isOurs: boolean;
  /** To list it. */
  readonly at: string;
  /** The address of what is called `name` in it. */
  entry(name: Buffer): Buffer;
}

/** `O_PATH` of Linux, which node's constants leave out: a place, without the right to read it. */
const placeOnly = 0o10000000;
const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | placeOnly;

/**
 * Opens the folder `name` in `parent`, or the root of all. Rejects when it is none, or a link (the
 * code is ENOTDIR or ELOOP).
 */
export async function openFolder(parent?: OpenFolder, name?: Buffer): Promise<OpenFolder> {
  const handle = await open(parent && name ? parent.entry(name) : "/", flags);
  try {
    const at = `/proc/self/fd/${handle.fd}`;
    const prefix = Buffer.from(`${at}/`);
    const stat = await handle.stat();
    return {
      id: idOf(stat),
      deviceId: stat.dev,
      mountId: await mountOf(handle),
      isOurs: stat.uid === process.geteuid?.() && (stat.mode & 0o022) === 0,
      at,
      entry: (entryName) => Buffer.concat([prefix, entryName]),
      [Symbol.asyncDispose]: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

export function idOf(stat: { readonly dev: number; readonly ino: number }): string {
  return `${stat.dev}:${stat.ino}`;
}

export type OpenedRoot = AsyncDisposable & {
  readonly folder: OpenFolder;
  /** The ids of the folders that lead to it, from `/`, itself included. */
  readonly chain: readonly string[];
};

/** Opens an absolute path part by part. The error says which part is a link. */
export async function openRoot(path: string): Promise<OpenedRoot> {
  let folder = await openFolder();
  const chain = [folder.id];
  let seen = "";
  for (const part of path.split("/").filter((each) => each !== "")) {
    seen += `/${part}`;
    const parent = folder;
    try {
      folder = await openFolder(parent, Buffer.from(part));
    } catch (error) {
      throw new Error(explain(seen, error), { cause: error });
    } finally {
      await parent[Symbol.asyncDispose]();
    }
    chain.push(folder.id);
  }
  return { folder, chain, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

function explain(path: string, error: unknown): string {
  const code = codeOf(error);
  if (code === "ENOENT") return `${path} does not exist`;
  if (code === "ENOTDIR" || code === "ELOOP") {
    return `${path} is a link or no folder; links are not followed, declare the real path`;
  }
  return messageOf(error);
}

async function mountOf(handle: FileHandle): Promise<string> {
  const facts = await readFile(`/proc/self/fdinfo/${handle.fd}`, "utf8");
  return /^mnt_id:\s*(\d+)/m.exec(facts)?.[1] ?? "";
}

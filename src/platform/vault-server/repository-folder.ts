/**
 * Repositories in folders below one root, laid out as restic does it on disks, so that the same
 * folder can be opened without the server.
 *
 * F1. A file has its name only when all of it is on the disk: it is written beside it, compared
 *     with its name, synced, linked, and the folder synced. Nothing that has its name is replaced.
 * F2. No way leads out of the root: every folder must be where its path says (no links on the way),
 *     and a file must be a file.
 * F3. A root that is gone is never made anew: it may be a disk that is not mounted.
 * F4. What is written counts against the quota from the first byte, and no longer once it is gone.
 */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import {
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  opendir,
  realpath,
  rm,
  unlink,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { randomHex, syncFolder } from "../../system/index.ts";
import {
  type FileKind,
  type FileName,
  fileKinds,
  folderOfKind,
  isFileId,
  pathOfFile,
} from "../../vault/index.ts";
import type { Quota } from "./quota.ts";
import { Refusal } from "./refusal.ts";

export interface NamedSize {
  readonly name: string;
  readonly sizeBytes: number;
}

export interface OpenedFile extends AsyncDisposable {
  readonly file: FileHandle;
  readonly sizeBytes: number;
}

export interface RepositoryFolderOptions {
  /** Its real path: without links. */
  readonly root: string;
  readonly quota: Quota;
  readonly maxFileBytes: number;
}

const folderMode = 0o700;
const fileMode = 0o400;
/** Names that are looked at together. */
const batchSize = 256;

export class RepositoryFolder {
  readonly #options: RepositoryFolderOptions;
  readonly #path: string;

  constructor(repository: readonly string[], options: RepositoryFolderOptions) {
    this.#options = options;
    this.#path = join(options.root, ...repository);
  }

  /** Makes what is missing of it; F3. */
  async create(): Promise<void> {
    const { root } = this.#options;
    await inPlace(root);
    const way = this.#path.slice(root.length).split("/").filter(Boolean);
    for (const [index] of way.entries()) {
      await makeFolder(join(root, ...way.slice(0, index + 1)));
    }
    for (const kind of fileKinds) {
      if (kind !== "config") await makeFolder(join(this.#path, folderOfKind(kind)));
    }
  }

  /** In batches, so that a repository of any size needs little memory. */
  async *list(kind: FileKind): AsyncGenerator<readonly NamedSize[]> {
    const top = await inPlace(join(this.#path, folderOfKind(kind)));
    if (kind !== "pack") {
      yield* filesIn(top);
      return;
    }
    for await (const entry of await opendir(top)) {
      if (!entry.isDirectory() || !/^[0-9a-f]{2}$/.test(entry.name)) continue;
      for await (const batch of filesIn(join(top, entry.name))) {
        yield batch.filter(({ name }) => name.startsWith(entry.name));
      }
    }
  }

  async open(name: FileName): Promise<OpenedFile> {
    const path = await this.#pathOf(name);
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (!stat.isFile()) {
      await file.close();
      throw new Refusal(404, "not found");
    }
    return { file, sizeBytes: stat.size, [Symbol.asyncDispose]: () => file.close() };
  }

  /** F1; a file that is there already stays as it is. A config that is there is refused. */
  async write(name: FileName, body: AsyncIterable<Uint8Array>): Promise<void> {
    // The repository must be there, while one of the 256 folders of packs may be missing.
    await inPlace(join(this.#path, name.kind === "config" ? "" : folderOfKind(name.kind)));
    const path = join(this.#path, pathOfFile(name));
    if (name.kind === "pack") await makeFolder(dirname(path));
    const fresh = `${path}-tmp-${randomHex(8)}`;
    let takenBytes = 0;
    try {
      for await (const sizeBytes of writeHashed(fresh, name, body)) {
        if (takenBytes + sizeBytes > this.#options.maxFileBytes) {
          throw new Refusal(413, "the file is too large");
        }
        if (!this.#options.quota.take(sizeBytes))
          throw new Refusal(507, "full: the quota is used up");
        takenBytes += sizeBytes;
      }
      if (await linkNew(fresh, path)) takenBytes = 0;
      else if (name.kind === "config") throw new Refusal(403, "the config is there already");
    } finally {
      this.#options.quota.giveBack(takenBytes);
      await rm(fresh, { force: true });
    }
    await syncFolder(dirname(path));
  }

  async remove(name: FileName): Promise<void> {
    const path = await this.#pathOf(name);
    const stat = await lstat(path);
    if (!stat.isFile()) throw new Refusal(404, "not found");
    await unlink(path);
    this.#options.quota.giveBack(stat.size);
    await syncFolder(dirname(path));
  }

  async #pathOf(name: FileName): Promise<string> {
    const path = join(this.#path, pathOfFile(name));
    await inPlace(dirname(path));
    return path;
  }
}

/** F2; resolves to the folder itself. */
async function inPlace(folder: string): Promise<string> {
  const path = folder.replace(/(?<=.)\/$/, "");
  if ((await realpath(path)) !== path) throw new Refusal(404, "not found");
  return path;
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: folderMode });
    await syncFolder(dirname(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  await inPlace(path);
}

async function* filesIn(folder: string): AsyncGenerator<readonly NamedSize[]> {
  let names: string[] = [];
  for await (const entry of await opendir(folder)) {
    if (!entry.isFile() || !isFileId(entry.name)) continue;
    names.push(entry.name);
    if (names.length < batchSize) continue;
    yield await withSizes(folder, names);
    names = [];
  }
  yield await withSizes(folder, names);
}

async function withSizes(folder: string, names: readonly string[]): Promise<readonly NamedSize[]> {
  const sizes = await Promise.all(
    names.map(async (name) => {
      try {
        return { name, sizeBytes: (await lstat(join(folder, name))).size };
      } catch {
        // It has gone since the folder was read.
        return undefined;
      }
    }),
  );
  return sizes.filter((each) => each !== undefined);
}

/** Yields the size of each piece before it is written, so that whoever counts can refuse it. */
async function* writeHashed(
  path: string,
  { kind, id }: FileName,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<number> {
  const hash = createHash("sha256");
  const file = await open(path, "wx", 0o600);
  try {
    for await (const piece of body) {
      yield piece.length;
      hash.update(piece);
      await file.writeFile(piece);
    }
    if (kind !== "config" && hash.digest("hex") !== id) {
      throw new Refusal(400, "the content is not what its name says");
    }
    await file.chmod(fileMode);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** False: there is a file of that name. */
async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

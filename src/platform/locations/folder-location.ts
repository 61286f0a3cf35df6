/**
 * A repository in a folder, as restic lays it out, on any disk.
 *
 * F1. A file is written under a temporary name beside its place, synced, renamed, and the folder is
 *     synced. What a kill leaves has a name that neither we nor restic take for a file of a
 *     repository, and goes with a later list when it is a day old.
 * F2. Only `prepare` makes the root. A folder below it that is missing is made where the config
 *     says that this is a repository: what stands in the place of an unmounted disk is never
 *     filled.
 * F3. For the same reason nothing is called missing or empty where neither the config nor the
 *     folder of its kind is there: that is `away`.
 * F4. Whoever gives up is answered at once. What was under way ends by itself, and leaves the file
 *     whole or not at all.
 * F5. However large a file of a kind claims to be, no more of it is read than any may have: what is
 *     cut off has another hash then, and is damage.
 * F6. `unreadable` is said of a file only while the disk is there: when all of it fails, that is
 *     no damage of each of its files.
 */
import {
  appendOnlyFault,
  type ByteRange,
  type FileKind,
  type FileName,
  fileKinds,
  folderOfKind,
  isFileId,
  type ListedFile,
  type Location,
  LocationFault,
  type LocationTraits,
  pathOfFile,
} from "../../vault/index.ts";
import { type Disk, type DiskEntry, DiskError } from "./disk.ts";
import { givingUp } from "./giving-up.ts";
import { isTemporaryName, temporaryPath } from "./temporary-name.ts";

export interface FolderLocationOptions {
  readonly root: string;
  readonly traits: LocationTraits;
  /** For one call, and one page of a list. */
  readonly limitMs: number;
  /** For stamps. */
  readonly wallMs: () => number;
}

/** Folders that are read at once: a far server answers as many in one round trip. */
const foldersAtOnce = 16;
/** A sound index of restic has some megabytes; packs may be of any size. */
const mostBytes: Readonly<Record<FileKind, number>> = {
  config: 1 << 16,
  key: 1 << 16,
  lock: 1 << 16,
  snapshot: 1 << 26,
  index: 1 << 28,
  pack: 2 ** 32,
};
const staleAfterMs = 86_400_000;
const packFolders: readonly string[] = Array.from({ length: 256 }, (_, number) =>
  number.toString(16).padStart(2, "0"),
);

export class FolderLocation implements Location {
  readonly traits: LocationTraits;
  readonly #disk: Disk;
  readonly #options: FolderLocationOptions;

  constructor(disk: Disk, options: FolderLocationOptions) {
    this.#disk = disk;
    this.#options = options;
    this.traits = options.traits;
  }

  get notice(): string | undefined {
    const { notice } = this.#disk;
    return notice && `${this.traits.name}: ${notice}`;
  }

  prepare(signal: AbortSignal): Promise<void> {
    return this.#call("", signal, async (whole) => {
      const folders = fileKinds.filter((kind) => kind !== "config").map(folderOfKind);
      await this.#makeRoot(whole);
      for (const folder of folders) await this.#disk.makeFolder(this.#at(folder), whole);
      const data = this.#at(folderOfKind("pack"));
      for (let from = 0; from < packFolders.length; from += foldersAtOnce) {
        const some = packFolders.slice(from, from + foldersAtOnce);
        await Promise.all(some.map((name) => this.#disk.makeFolder(`${data}/${name}`, whole)));
      }
      for (const folder of [data, this.#options.root]) await this.#disk.syncFolder(folder, whole);
    });
  }

  put(file: FileName, parts: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    return this.#call(pathOfFile(file), signal, async (whole) => {
      if ((await this.#disk.size(this.#at(pathOfFile(file)), whole)) !== undefined) {
        if (file.kind === "config") throw new DiskError("exists", "there is one already");
        return;
      }
      const move = file.kind === "config" ? "claim" : "rename";
      await this.#place(file, { move, parts, signal: whole });
    });
  }

  replace(file: FileName, parts: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    return this.#call(pathOfFile(file), signal, async (whole) => {
      if (this.traits.isAppendOnly) throw appendOnlyFault(this.traits, file);
      await this.#place(file, { move: "rename", parts, signal: whole });
    });
  }

  /** F5. */
  get(file: FileName, signal: AbortSignal, range?: ByteRange): Promise<Uint8Array> {
    return this.#call(pathOfFile(file), signal, async (whole) => {
      const path = this.#at(pathOfFile(file));
      const bytes = await this.#disk
        .read(path, whole, range ?? { offset: 0, length: mostBytes[file.kind] })
        .catch(async (error: unknown) => {
          const isLost = error instanceof DiskError && error.kind === "unreadable";
          if (isLost) await this.#disk.syncFolder(this.#options.root, whole);
          return await this.#absence(file.kind, { error, signal: whole });
        });
      if (bytes === undefined) throw new DiskError("missing", "no such file");
      if (range !== undefined && bytes.length < range.length) {
        const { offset, length } = range;
        throw new DiskError("short", `the file ends before byte ${offset + length}`);
      }
      return bytes;
    });
  }

  stat(file: FileName, signal: AbortSignal): Promise<number | undefined> {
    return this.#call(pathOfFile(file), signal, async (whole) => {
      const sizeBytes = await this.#disk.size(this.#at(pathOfFile(file)), whole);
      if (sizeBytes === undefined) await this.#proveHere(file.kind, whole);
      return sizeBytes;
    });
  }

  async *list(kind: FileKind, signal: AbortSignal): AsyncGenerator<ListedFile> {
    signal.throwIfAborted();
    if (kind === "config") {
      const sizeBytes = await this.stat({ kind, id: "" }, signal);
      if (sizeBytes !== undefined) yield { kind, id: "", sizeBytes };
      return;
    }
    const top = this.#at(folderOfKind(kind));
    if (kind !== "pack") {
      yield* await this.#call(folderOfKind(kind), signal, (whole) => this.#files(kind, top, whole));
      return;
    }
    await this.#call(folderOfKind(kind), signal, (whole) => this.#proveHere(kind, whole));
    for (let from = 0; from < packFolders.length; from += foldersAtOnce) {
      const folders = packFolders.slice(from, from + foldersAtOnce);
      const pages = await this.#call(folderOfKind(kind), signal, (whole) =>
        Promise.all(folders.map((name) => this.#files(kind, `${top}/${name}`, whole))),
      );
      for (const page of pages) yield* page;
    }
  }

  remove(file: FileName, signal: AbortSignal): Promise<void> {
    return this.#call(pathOfFile(file), signal, async (whole) => {
      await this.#disk
        .unlink(this.#at(pathOfFile(file)), whole)
        .catch((error: unknown) => this.#absence(file.kind, { error, signal: whole }));
    });
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#disk[Symbol.asyncDispose]();
  }

  #at(path: string): string {
    return `${this.#options.root}/${path}`;
  }

  async #call<T>(
    what: string,
    signal: AbortSignal,
    work: (whole: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { limitMs } = this.#options;
    try {
      return await givingUp(work, { signal, limitMs });
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      const isNoRepository = error instanceof NothingHere;
      const about = isNoRepository || what === "" ? "" : `${what}: `;
      const message = `${this.traits.name}: ${about}${error.message}`;
      throw new LocationFault(error.kind, message, { cause: error, isNoRepository });
    }
  }

  /** All folders above it as well. */
  async #makeRoot(signal: AbortSignal): Promise<void> {
    const { root } = this.#options;
    const missing: string[] = [];
    for (let path = root; path !== "/" && path !== "."; path = folderOf(path)) {
      if ((await this.#disk.size(path, signal)) !== undefined) break;
      missing.unshift(path);
    }
    for (const path of missing) {
      await this.#disk.makeFolder(path, signal);
      await this.#disk.syncFolder(folderOf(path), signal);
    }
  }

  /** F1. */
  async #place(
    file: FileName,
    options: {
      readonly move: "claim" | "rename";
      readonly parts: readonly Uint8Array[];
      readonly signal: AbortSignal;
    },
  ): Promise<void> {
    const { move, signal } = options;
    const path = this.#at(pathOfFile(file));
    const temporary = temporaryPath(path);
    try {
      await this.#write(file, temporary, options);
      await this.#disk[move](temporary, path, signal);
    } catch (error) {
      await this.#tidy(temporary, error);
      throw error;
    }
    await this.#disk.syncFolder(folderOf(path), signal);
  }

  async #write(
    { kind }: FileName,
    path: string,
    { parts, signal }: { readonly parts: readonly Uint8Array[]; readonly signal: AbortSignal },
  ): Promise<void> {
    try {
      await this.#disk.write(path, parts, signal);
    } catch (error) {
      if (!isMissing(error)) throw error;
      // F2.
      if (!(await this.#isAny([folderOfKind("config")], signal))) throw new NothingHere();
      const top = this.#at(folderOfKind(kind));
      for (const folder of new Set([top, folderOf(path)])) {
        await this.#disk.makeFolder(folder, signal);
        await this.#disk.syncFolder(folderOf(folder), signal);
      }
      await this.#disk.write(path, parts, signal);
    }
  }

  /** Of what failed, as far as the disk can be reached; what remains is stale one day. */
  async #tidy(path: string, error: unknown): Promise<void> {
    if (error instanceof DiskError && error.kind === "away") return;
    const limit = AbortSignal.timeout(this.#options.limitMs);
    await this.#disk.unlink(path, limit).catch(() => undefined);
  }

  async #files(
    kind: FileKind,
    folder: string,
    signal: AbortSignal,
  ): Promise<readonly ListedFile[]> {
    const prefix = kind === "pack" ? folder.slice(-2) : "";
    const isOurs = (name: string): boolean => isFileId(name) && name.startsWith(prefix);
    const entries = await this.#disk
      .entries(folder, signal, (name) => isOurs(name) || isTemporaryName(name))
      .catch((error: unknown) => this.#absence(kind, { error, signal }));
    const files: ListedFile[] = [];
    for (const entry of entries ?? []) {
      const { name: id, isFile, sizeBytes } = entry;
      if (!isFile) continue;
      if (isOurs(id)) files.push({ kind, id, sizeBytes });
      else await this.#sweep(folder, entry, signal);
    }
    return files;
  }

  /** F1. Not being able to is no failure of a list. */
  async #sweep(folder: string, entry: DiskEntry, signal: AbortSignal): Promise<void> {
    if (this.traits.isAppendOnly) return;
    if (this.#options.wallMs() - entry.changedAt < staleAfterMs) return;
    await this.#disk.unlink(`${folder}/${entry.name}`, signal).catch(() => undefined);
  }

  /** Undefined for what is missing in a repository that is here (F3). */
  async #absence(
    kind: FileKind,
    { error, signal }: { readonly error: unknown; readonly signal: AbortSignal },
  ): Promise<undefined> {
    if (!isMissing(error)) throw error;
    await this.#proveHere(kind, signal);
  }

  async #proveHere(kind: FileKind, signal: AbortSignal): Promise<void> {
    const proofs = kind === "config" ? ["."] : [folderOfKind("config"), folderOfKind(kind)];
    if (!(await this.#isAny(proofs, signal))) throw new NothingHere();
  }

  async #isAny(paths: readonly string[], signal: AbortSignal): Promise<boolean> {
    for (const path of paths) {
      if ((await this.#disk.size(this.#at(path), signal)) !== undefined) return true;
    }
    return false;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof DiskError && error.kind === "missing";
}

class NothingHere extends DiskError {
  constructor() {
    super("away", "there is no repository here: is its disk mounted?");
  }
}

/** Of a name alone: the folder that a login begins in. */
function folderOf(path: string): string {
  const end = path.lastIndexOf("/");
  if (end === -1) return ".";
  return end === 0 ? "/" : path.slice(0, end);
}

/**
 * The folders that are watched, and only folders: of files nothing is kept.
 *
 * T1. A folder is known by one path; who moves it elsewhere makes it forgotten and added anew,
 *     since the kernel follows folders and not paths.
 * T2. A folder that is forgotten has no watch, and nothing below it is known any more.
 */
import type { FSWatcher, Stats } from "node:fs";
import { joinRaw, type RawPath } from "../../vault/index.ts";

export interface Root {
  readonly path: RawPath;
  /** Undefined while it is gone. */
  folder: Folder | undefined;
  /** Sees the root come back. */
  parentWatch: FSWatcher | undefined;
  /** Why its first `reconcile` is owed; undefined when that was told. */
  arrival: "start" | "back" | undefined;
  isTold: boolean;
}

export interface Folder {
  readonly path: RawPath;
  readonly name: RawPath;
  readonly root: Root;
  /** Undefined for a root's folder. */
  readonly parent: Folder | undefined;
  /** Device and inode. */
  readonly identity: string;
  children: Map<RawPath, Folder> | undefined;
  watch: FSWatcher | undefined;
  /** Its ctime when it was listed last; NaN when that says nothing. */
  listedMs: number;
  /** Of folders without a watch. */
  fingerprint: number | undefined;
  /** The watch may belong to a folder that is here no more, although the identity is the same. */
  isDoubtful: boolean;
  isUnreadable: boolean;
  isForgotten: boolean;
}

/** Where a folder is found: below another one, or at the top of a root. */
export type Place = { readonly parent: Folder; readonly name: RawPath } | { readonly root: Root };

export class FolderTree {
  readonly #byIdentity = new Map<string, Folder>();
  /** Those that have no watch because of a limit. */
  readonly unwatched: Set<Folder> = new Set();
  #folderCount = 0;
  #watchCount = 0;

  get folderCount(): number {
    return this.#folderCount;
  }

  get watchCount(): number {
    return this.#watchCount;
  }

  /** The last one that was added with this identity; a bind mount shows one folder twice. */
  withIdentity(identity: string): Folder | undefined {
    return this.#byIdentity.get(identity);
  }

  add(place: Place, identity: string): Folder {
    const parent = "parent" in place ? place.parent : undefined;
    const root = "root" in place ? place.root : place.parent.root;
    const path = "root" in place ? root.path : joinRaw(place.parent.path, place.name);
    const folder: Folder = {
      path,
      name: path.slice(path.lastIndexOf("/") + 1) as RawPath,
      root,
      parent,
      identity,
      children: undefined,
      watch: undefined,
      listedMs: Number.NaN,
      fingerprint: undefined,
      isDoubtful: false,
      isUnreadable: false,
      isForgotten: false,
    };
    if (parent === undefined) {
      root.folder = folder;
    } else {
      parent.children ??= new Map();
      parent.children.set(folder.name, folder);
    }
    this.#byIdentity.set(identity, folder);
    this.#folderCount += 1;
    return folder;
  }

  setWatch(folder: Folder, watch: FSWatcher): void {
    this.closeWatch(folder);
    folder.watch = watch;
    this.#watchCount += 1;
  }

  closeWatch(folder: Folder): void {
    if (folder.watch === undefined) return;
    folder.watch.close();
    folder.watch = undefined;
    this.#watchCount -= 1;
  }

  /** With everything below it (T2). */
  forget(folder: Folder): void {
    if (folder.isForgotten) return;
    folder.parent?.children?.delete(folder.name);
    if (folder.root.folder === folder) folder.root.folder = undefined;
    const stack = [folder];
    for (let one = stack.pop(); one !== undefined; one = stack.pop()) {
      this.closeWatch(one);
      this.unwatched.delete(one);
      one.isForgotten = true;
      this.#folderCount -= 1;
      if (this.#byIdentity.get(one.identity) === one) this.#byIdentity.delete(one.identity);
      if (one.children !== undefined) stack.push(...one.children.values());
    }
  }
}

export function identityOf(stats: Stats): string {
  return `${stats.dev}:${stats.ino}`;
}

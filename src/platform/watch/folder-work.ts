/**
 * Brings the watches in line with the trees, one small step after another: names that came or went
 * are looked at, new folders watched and listed, all folders compared when events may be lost.
 *
 * F1. A folder is watched before it is listed.
 * F2. What a folder is by now is asked of the file system; events only say where to ask.
 * F3. A watch stays with its folder when that is moved, so it is closed and opened anew wherever
 *     the folder itself reported something, or is found elsewhere.
 */
import type { Dirent } from "node:fs";
import { dirname } from "node:path";
import type { Clock } from "../../kernel/index.ts";
import { joinRaw, type RawPath } from "../../vault/index.ts";
import { listFolder, lookAt, openWatch } from "./ask-folder.ts";
import type { IsExcluded } from "./exclusion.ts";
import { Fingerprint, settledMs } from "./fingerprint.ts";
import { type Folder, FolderTree, identityOf, type Root } from "./folder-tree.ts";
import type { WatchEvent } from "./watch-event.ts";
import { isLimit } from "./watch-limit.ts";

/** More names at once are found faster, and in less memory, by listing the folder. */
const namesMax = 256;

export interface FolderWorkDoors {
  readonly clock: Clock;
  readonly isExcluded: IsExcluded;
  readonly watchesMax: number;
  hear(folder: Folder, type: "change" | "rename", name: string | null): void;
  /** There is work. */
  wake(): void;
  /** A folder is to be listed by whoever listens. */
  note(folder: Folder): void;
  tell(event: WatchEvent): void;
}

export class FolderWork {
  readonly tree: FolderTree = new FolderTree();
  /** What the last watch that was refused was refused for. */
  limitCode = "";
  readonly #doors: FolderWorkDoors;
  readonly #roots = new Set<Root>();
  readonly #names = new Map<Folder, Set<RawPath>>();
  readonly #toList: Folder[] = [];
  readonly #toCompare: Folder[] = [];
  #isFull = false;

  constructor(doors: FolderWorkDoors) {
    this.#doors = doors;
  }

  isExcludedName(folder: Folder, name: string | null): boolean {
    return name !== null && this.#doors.isExcluded(joinRaw(folder.path, name as RawPath));
  }

  /** An event of a folder that is watched. */
  hear(folder: Folder, type: "change" | "rename", name: string | null): void {
    if (name === null) {
      this.#doubt(folder);
    } else if (type === "rename") {
      // For folders this means any change of theirs, also of their rights.
      this.#lookLater(folder, name as RawPath);
      // Its own removal and move carry its own name; a child may have the same one.
      if (name === folder.name) this.#doubt(folder);
    }
  }

  /** @param isDoubtful whether its watch may be one of another folder, too */
  doubtRoot(root: Root, isDoubtful = true): void {
    if (root.folder !== undefined && isDoubtful) root.folder.isDoubtful = true;
    this.#roots.add(root);
  }

  compareAll(root: Root): void {
    this.#isFull = false;
    this.doubtRoot(root, false);
    if (root.folder !== undefined) this.#toCompare.push(root.folder);
  }

  scanUnwatched(): void {
    this.#isFull = false;
    this.#toList.push(...this.tree.unwatched);
  }

  /** @returns whether there may be more to do */
  step(): boolean {
    for (const root of this.#roots) {
      this.#roots.delete(root);
      this.#meetRoot(root);
      return true;
    }
    for (const [folder, names] of this.#names) {
      this.#names.delete(folder);
      if (folder.isForgotten) return true;
      if (names.size >= namesMax) this.#toList.push(folder);
      else for (const name of names) this.#meet(folder, name);
      return true;
    }
    const next = this.#toList.pop();
    if (next !== undefined) {
      if (!next.isForgotten) this.#list(next);
      return true;
    }
    const compared = this.#toCompare.pop();
    if (compared === undefined) return false;
    if (!compared.isForgotten) this.#compare(compared);
    return true;
  }

  #doubt(folder: Folder): void {
    folder.isDoubtful = true;
    if (folder.parent === undefined) this.#roots.add(folder.root);
    else this.#lookLater(folder.parent, folder.name);
  }

  #lookLater(folder: Folder, name: RawPath): void {
    const names = this.#names.get(folder);
    if (names === undefined) this.#names.set(folder, new Set([name]));
    else if (names.size < namesMax) names.add(name);
  }

  #meetRoot(root: Root): void {
    const stats = lookAt(root.path);
    const isThere = stats?.isDirectory() === true;
    const known = root.folder;
    if (known !== undefined && isThere && known.identity === identityOf(stats)) {
      if (known.isDoubtful) this.#toList.push(known);
      return;
    }
    const wasTold = root.isTold;
    if (known !== undefined) this.tree.forget(known);
    if (known !== undefined || (!wasTold && !isThere)) {
      root.isTold = true;
      this.#doors.tell({ kind: "gone", root: root.path });
    }
    if (!isThere) {
      this.#watchParent(root);
      return;
    }
    root.parentWatch?.close();
    root.parentWatch = undefined;
    if (root.isTold) {
      root.arrival = "back";
      this.#doors.tell({ kind: "back", root: root.path });
    }
    root.isTold = true;
    this.#toList.push(this.tree.add({ root }, identityOf(stats)));
  }

  /** Also before the first look fails for good: it may have come between the two. */
  #watchParent(root: Root): void {
    if (root.parentWatch !== undefined) return;
    const again = (): void => {
      this.#roots.add(root);
      this.#doors.wake();
    };
    const watch = openWatch(dirname(root.path) as RawPath, { hear: again, fail: again });
    if (typeof watch === "string") return;
    root.parentWatch = watch;
    again();
  }

  /** What is there by that name now (F2)? */
  #meet(parent: Folder, name: RawPath): void {
    const path = joinRaw(parent.path, name);
    const known = parent.children?.get(name);
    const stats = this.#doors.isExcluded(path) ? undefined : lookAt(path);
    if (stats?.isDirectory() !== true) {
      if (known !== undefined) this.tree.forget(known);
      return;
    }
    const identity = identityOf(stats);
    if (known?.identity === identity) {
      if (known.isDoubtful || known.isUnreadable) this.#toList.push(known);
      return;
    }
    if (known !== undefined) this.tree.forget(known);
    this.#forgetElsewhere(identity);
    this.#toList.push(this.tree.add({ parent, name }, identity));
  }

  /** It was moved, and the event of where it was is still to come (F3). */
  #forgetElsewhere(identity: string): void {
    const other = this.tree.withIdentity(identity);
    if (other === undefined || other.parent === undefined) return;
    const stats = lookAt(other.path);
    if (stats === undefined || identityOf(stats) !== identity) this.tree.forget(other);
  }

  #list(folder: Folder): void {
    const wasUnwatched = this.tree.unwatched.has(folder);
    folder.isDoubtful = false;
    const failure = this.#watch(folder);
    const nowMs = this.#doors.clock.now().wallMs;
    const stats = lookAt(folder.path);
    const entries = failure ?? listFolder(folder.path);
    if (typeof entries === "string") {
      this.#couldNot(folder, entries);
      return;
    }
    folder.isUnreadable = false;
    folder.listedMs = stats === undefined ? Number.NaN : settledMs(stats.ctimeMs, nowMs);
    const isUnwatched = this.tree.unwatched.has(folder);
    if (wasUnwatched || isUnwatched) {
      const before = folder.fingerprint;
      const print = fingerprintOf(folder, entries, nowMs);
      folder.fingerprint = isUnwatched ? print : undefined;
      if (before !== print) this.#doors.note(folder);
    } else {
      this.#doors.note(folder);
    }
    this.#meetAll(folder, entries);
  }

  #meetAll(folder: Folder, entries: readonly Dirent<RawPath>[]): void {
    const gone = new Set(folder.children?.keys());
    for (const entry of entries) {
      if (!entry.isDirectory()) continue;
      gone.delete(entry.name);
      this.#meet(folder, entry.name);
    }
    for (const name of gone) this.#meet(folder, name);
  }

  /** @returns a code when the folder cannot be looked into at all */
  #watch(folder: Folder): string | undefined {
    this.tree.closeWatch(folder);
    if (!this.#isFull) {
      const watch =
        this.tree.watchCount >= this.#doors.watchesMax
          ? "own"
          : openWatch(folder.path, {
              hear: (type, name) => this.#doors.hear(folder, type, name),
              fail: () => this.#doubt(folder),
            });
      if (typeof watch !== "string") {
        this.tree.setWatch(folder, watch);
        this.tree.unwatched.delete(folder);
        return undefined;
      }
      if (!isLimit(watch)) return watch;
      this.#isFull = true;
      this.limitCode = watch;
    }
    this.tree.unwatched.add(folder);
    return undefined;
  }

  #couldNot(folder: Folder, code: string): void {
    if (code === "ENOENT" || code === "ENOTDIR") {
      // Gone since it was seen; for a root that is news.
      if (folder.parent === undefined) this.#roots.add(folder.root);
      else this.tree.forget(folder);
      return;
    }
    for (const child of folder.children?.values() ?? []) this.tree.forget(child);
    folder.listedMs = Number.NaN;
    if (folder.isUnreadable) return;
    folder.isUnreadable = true;
    this.#doors.tell({ kind: "unreadable", folder: folder.path, code });
    this.#doors.note(folder);
  }

  #compare(folder: Folder): void {
    const stats = lookAt(folder.path);
    if (stats?.isDirectory() !== true || identityOf(stats) !== folder.identity) {
      this.#doubt(folder);
      return;
    }
    const isSame = stats.ctimeMs === folder.listedMs && folder.watch !== undefined;
    if (!isSame || folder.isDoubtful) this.#toList.push(folder);
    for (const child of folder.children?.values() ?? []) this.#toCompare.push(child);
  }
}

function fingerprintOf(folder: Folder, entries: readonly Dirent<RawPath>[], nowMs: number): number {
  const print = new Fingerprint(nowMs);
  for (const { name } of entries) print.add(name, lookAt(joinRaw(folder.path, name)));
  return print.value;
}

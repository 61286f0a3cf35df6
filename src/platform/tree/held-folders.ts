/**
 * Folders below a root, held by their inodes and not by their names.
 *
 * A tree that is restored may be hostile (`a` a link to /etc, then `a/passwd`), and so may be who
 * else writes below the root meanwhile. So a path is never handed to the kernel whole:
 *
 * 1. Each folder on the way is opened below one that is open already, and never through a link
 *    (`ELOOP`); what is in it is named `/proc/self/fd/<descriptor>/<name>`, which the kernel takes
 *    from the open folder itself. Node does not offer `openat`, which would be the same.
 * 2. A name is one step down: `..`, `.`, an empty one and one with a zero byte are `EINVAL`.
 * 3. Thereby a path may also be longer than the 4,095 bytes that the kernel takes at once.
 *
 * The root itself is the choice of who restores, and may be reached through links. At most
 * `foldersMax` folders are open; the one that was not used longest is closed. Linux only.
 */
import { closeSync, constants, lstatSync, openSync } from "node:fs";
import { type RawPath, systemPath } from "../../vault/index.ts";
import { codeOf } from "./code-of.ts";
import { RestoreFault } from "./restore-outcome.ts";

/** `O_PATH` of Linux, which node's constants leave out: a place, without the right to read it. */
const placeOnly = 0o10000000;
const asFolder = placeOnly | constants.O_DIRECTORY;
/** An empty name, `.` or `..` anywhere in a path; a zero byte. */
// oxlint-disable-next-line no-control-regex -- a zero byte is meant
const noStep = /(?:^|\/)\.{0,2}(?:\/|$)|\0/;

export class HeldFolders implements Disposable {
  readonly #root: number;
  readonly #foldersMax: number;
  /** The one that was used last is the last one. */
  readonly #held = new Map<RawPath, number>();
  /** It is asked for several times in a row: for each step of a file, and for its neighbours. */
  #lastFolder: RawPath | undefined;
  #lastDescriptor = -1;

  constructor(root: RawPath, foldersMax = 64) {
    this.#root = openSync(systemPath(root), asFolder);
    this.#foldersMax = Math.max(2, foldersMax);
  }

  /** Where the kernel finds `path`, which is relative to the root; good until the next call. */
  address(path: RawPath): string | Buffer {
    return this.at(splitPath(path));
  }

  /** The same, of a path that `splitPath` has looked at. */
  at({ folder, name }: SplitPath): string | Buffer {
    return systemPath(addressIn(this.descriptor(folder), name));
  }

  /** A descriptor that the caller closes. */
  own(folder: RawPath): number {
    return openSync(`/proc/self/fd/${this.descriptor(folder)}`, asFolder);
  }

  /** Of a folder, "" for the root; good for as many further folders as are held. */
  descriptor(folder: RawPath): number {
    if (folder === "") return this.#root;
    if (folder === this.#lastFolder) return this.#lastDescriptor;
    const held = this.#held.get(folder);
    if (held !== undefined) {
      this.#held.delete(folder);
      this.#hold(folder, held);
      return held;
    }
    const opened = this.#open(folder);
    this.#hold(folder, opened);
    const [oldest] = this.#held;
    if (this.#held.size > this.#foldersMax && oldest !== undefined) this.#close(oldest);
    return opened;
  }

  [Symbol.dispose](): void {
    for (const each of this.#held) this.#close(each);
    closeSync(this.#root);
  }

  #hold(folder: RawPath, descriptor: number): void {
    this.#held.set(folder, descriptor);
    this.#lastFolder = folder;
    this.#lastDescriptor = descriptor;
  }

  #close([folder, descriptor]: readonly [RawPath, number]): void {
    this.#held.delete(folder);
    closeSync(descriptor);
  }

  /** From the nearest folder above that is held, one step at a time. */
  #open(folder: RawPath): number {
    const names = namesOf(folder);
    let depth = names.length - 1;
    let from: number | undefined;
    while (depth > 0) {
      from = this.#held.get(names.slice(0, depth).join("/") as RawPath);
      if (from !== undefined) break;
      depth -= 1;
    }
    let at = from ?? this.#root;
    for (const name of names.slice(depth)) {
      const before = at;
      try {
        at = openStep(before, name);
      } finally {
        if (before !== this.#root && before !== from) closeSync(before);
      }
    }
    return at;
  }
}

/** What is called `name` in an open folder. */
export function addressIn(folder: number, name: string): RawPath {
  return `/proc/self/fd/${folder}/${name}` as RawPath;
}

export interface SplitPath {
  /** "" for the root. */
  readonly folder: RawPath;
  readonly name: RawPath;
}

/** Throws by rule 2. */
export function splitPath(path: RawPath): SplitPath {
  assertSteps(path);
  const slash = path.lastIndexOf("/");
  return {
    folder: (slash === -1 ? "" : path.slice(0, slash)) as RawPath,
    name: path.slice(slash + 1) as RawPath,
  };
}

function namesOf(path: RawPath): readonly string[] {
  assertSteps(path);
  return path.split("/");
}

function assertSteps(path: RawPath): void {
  if (noStep.test(path)) {
    throw new RestoreFault("EINVAL", "a name leads out of its folder, or is none");
  }
}

function openStep(parent: number, name: string): number {
  const path = systemPath(addressIn(parent, name));
  try {
    return openSync(path, asFolder | constants.O_NOFOLLOW);
  } catch (error) {
    if (codeOf(error) !== "ENOTDIR" || !lstatSync(path).isSymbolicLink()) throw error;
    throw new RestoreFault("ELOOP", "a folder on the way is a link, which is not followed");
  }
}

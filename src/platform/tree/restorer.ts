/**
 * Makes names below a root as the repository has them: the primitives of those who restore, one
 * name a call. Synchronous, for they run in threads of their own.
 *
 * 1. Nothing outside of the root is made, changed or followed to (`HeldFolders`).
 * 2. A name has its old content or its whole new one: what is made is made beside it, as
 *    `.soulmirror-restore-...`, and renamed. After a kill such a name may be left; `isLeftover`
 *    knows it, and it may be removed.
 * 3. What is newer stays, unless `overwrite` says otherwise. No folder gives way to anything else.
 * 4. Modes come after owners, for a change of owners takes setuid and setgid away; who cannot give
 *    files to others does not make programs that run as himself (`safePermissions`).
 * 5. Modes of folders, attributes, and times to the nanosecond come last: `RestoreFinisher`. A file
 *    with attributes is its owner's alone until then, for an ACL may be what closes it.
 */
import {
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import type { DeviceNode, LinkNode, PipeNode, RawPath } from "../../vault/index.ts";
import { rawPathOfBytes, systemPath } from "../../vault/index.ts";
import { changeMode } from "./change-mode.ts";
import { HeldFolders, type SplitPath, splitPath } from "./held-folders.ts";
import { isThere, nearNs } from "./is-there.ts";
import { makeSpecial } from "./make-special.ts";
import { isWholeSecond, nodeTime } from "./node-times.ts";
import { type Owned, Ownership, safePermissions } from "./ownership.ts";
import { removeBelow } from "./remove-below.ts";
import {
  failureOf,
  type LeftToFinish,
  type RestoredNode,
  type RestoreFailure,
  type RestoreOutcome,
} from "./restore-outcome.ts";
import { type BegunFile, type FileSteps, RestoringFile } from "./restoring-file.ts";

export interface RestorerOptions {
  /** A folder that is there. */
  readonly root: RawPath;
  /** Of this restorer alone; letters, digits and hyphens. It becomes a part of temporary names. */
  readonly tag: string;
  readonly overwrite: Overwrite;
  /** Whether a file is on the disk before it has its name. */
  readonly isDurable: boolean;
  /** Once for each thing that cannot be restored as it was. */
  readonly warn: (message: string) => void;
}

/** What may be replaced: nothing, what is not newer, or all. */
export type Overwrite = "never" | "not-newer" | "always";

export type SpecialNode = RestoredNode &
  (Pick<DeviceNode, "kind" | "device"> | Pick<PipeNode, "kind">);

const temporaryPrefix = ".soulmirror-restore-";

/** Whether a name in a folder is what a restore left behind that did not come to its end. */
export function isLeftover(name: RawPath): boolean {
  return name.startsWith(temporaryPrefix);
}

export class Restorer implements Disposable {
  readonly #options: RestorerOptions;
  readonly #folders: HeldFolders;
  readonly #ownership: Ownership;
  readonly #steps: FileSteps;
  #made = 0;

  constructor(options: RestorerOptions) {
    this.#options = options;
    this.#folders = new HeldFolders(options.root);
    this.#ownership = new Ownership(options.warn);
    this.#steps = {
      isDurable: options.isDurable,
      complete: (file) => this.#complete(file),
      settle: (file, left) => this.#settle(file, () => left),
      discard: ({ temporary }) => this.#discard(temporary),
    };
  }

  [Symbol.dispose](): void {
    this.#folders[Symbol.dispose]();
  }

  /** Its parent is there. A folder that is there already gets the metadata of the node. */
  folder(path: RawPath, node: RestoredNode): RestoreOutcome {
    return attempted(path, () => {
      const address = this.#folders.address(path);
      const present = lstatSync(address, { throwIfNoEntry: false });
      if (present?.isDirectory() === true) {
        if (this.#options.overwrite === "never") return { kind: "kept" };
        // Who is not root could not make anything in it.
        if ((present.mode & 0o700) !== 0o700) changeMode(address, present.mode | 0o700);
      } else {
        if (!this.#mayReplace(splitPath(path), node)) return { kind: "kept" };
        rmSync(address, { force: true });
        mkdirSync(address, 0o700);
      }
      const permissions = safePermissions(node.permissions, this.#giveLink(address, node));
      return { kind: "done", left: leftOf(path, node, permissions) };
    });
  }

  link(path: RawPath, node: RestoredNode & Pick<LinkNode, "target">): RestoreOutcome {
    return this.#beside({ path, node }, (address) => {
      symlinkSync(systemPath(node.target), address);
      this.#giveLink(address, node);
      lutimesSync(address, nodeTime(node.atimeNs), nodeTime(node.mtimeNs));
      return leftOf(path, node);
    });
  }

  /** Whether a link, a pipe or a device is there already, with all that the node says of it. */
  hasSpecial(path: RawPath, node: SpecialNode | LinkNode): boolean {
    return attempted(path, () => isThere(this.#folders.address(path), node)) === true;
  }

  /** Whether both are names of one file. */
  hasOne(path: RawPath, other: RawPath): boolean {
    const found = attempted(path, () => {
      const look = { bigint: true, throwIfNoEntry: false } as const;
      const first = lstatSync(this.#folders.address(other), look);
      const second = lstatSync(this.#folders.address(path), look);
      return first !== undefined && first.ino === second?.ino && first.dev === second.dev;
    });
    return found === true;
  }

  /** One more name for what was restored as `other`, which has all of `node` already. */
  hardLink(path: RawPath, node: RestoredNode, other: RawPath): RestoreOutcome {
    const first = splitPath(other);
    return this.#beside({ path, node, mayStay: true }, (address) => {
      linkSync(this.#folders.at(first), address);
      return undefined;
    });
  }

  /**
   * For a file that is there with the size and the time of the node, to the microsecond that a file
   * has before it is finished: it gets the rest of the metadata, unless nothing may be overwritten.
   * Undefined for any other.
   */
  present(
    path: RawPath,
    node: RestoredNode & { readonly sizeBytes: number },
  ): RestoreOutcome | undefined {
    return attempted(path, () => {
      const address = this.#folders.address(path);
      const present = lstatSync(address, { bigint: true, throwIfNoEntry: false });
      if (present?.isFile() !== true || present.size !== BigInt(node.sizeBytes)) return undefined;
      const behindNs = present.mtimeNs - node.mtimeNs;
      if (behindNs > nearNs || behindNs < -nearNs) return undefined;
      const { overwrite } = this.#options;
      const isExact = behindNs === 0n && node.attributes.length === 0;
      if (overwrite === "never")
        return {
          kind: "done",
          left: isExact ? undefined : leftOf(path, { ...node, attributes: [] }),
        };
      const permissions = safePermissions(node.permissions, this.#giveLink(address, node));
      if (Number(present.mode & 0o7777n) !== permissions) changeMode(address, permissions);
      const isLate = node.attributes.length > 0;
      return {
        kind: "done",
        left: isExact ? undefined : leftOf(path, node, isLate ? permissions : undefined),
      };
    });
  }

  /** A name that is there, and all below it. */
  /** `kept`: something of it may not go, or lies on another file system. */
  remove(path: RawPath, mayGo: (path: RawPath) => boolean): RestoreOutcome {
    return attempted(path, () => {
      const { folder, name } = splitPath(path);
      const isGone = removeBelow({ folder: this.#folders.descriptor(folder), path, name, mayGo });
      return isGone ? ({ kind: "done", left: undefined } as const) : ({ kind: "kept" } as const);
    });
  }

  /** What is in a folder; what restores left that are over is taken away. */
  names(folder: RawPath, isOver: (tag: string) => boolean): ReadonlySet<RawPath> | RestoreFailure {
    return attempted(folder, () => {
      const address = `/proc/self/fd/${this.#folders.descriptor(folder)}`;
      const names = new Set(readdirSync(address, { encoding: "buffer" }).map(rawPathOfBytes));
      for (const name of names) {
        if (!isLeftover(name)) continue;
        names.delete(name);
        const tag = name.slice(temporaryPrefix.length, name.lastIndexOf("-"));
        if (isOver(tag)) this.#discard({ folder, name });
      }
      return names;
    });
  }

  /** For reading; who asks closes it. */
  open(path: RawPath): number {
    return openSync(this.#folders.address(path), constants.O_RDONLY | constants.O_NOFOLLOW);
  }

  /** Whether a folder is there by this name. */
  hasFolder(path: RawPath): boolean {
    const found = attempted(path, () => {
      const address = this.#folders.address(path);
      return lstatSync(address, { throwIfNoEntry: false })?.isDirectory() === true;
    });
    return found === true;
  }

  /** Pipes and devices. */
  async special(path: RawPath, node: SpecialNode): Promise<RestoreOutcome> {
    const place = attempted(path, () => splitPath(path));
    if ("kind" in place) return place;
    const temporary = this.#temporaryBeside(place);
    try {
      const { folder, name } = temporary;
      await makeSpecial(node, { folder: this.#folders.own(folder), name });
    } catch (error) {
      return failureOf(path, error);
    }
    return this.#settle({ path, place, temporary, node }, (address) => {
      const permissions = safePermissions(node.permissions, this.#giveLink(address, node));
      changeMode(address, permissions);
      lutimesSync(address, nodeTime(node.atimeNs), nodeTime(node.mtimeNs));
      return leftOf(path, node, node.attributes.length === 0 ? undefined : permissions);
    });
  }

  /**
   * Begins a file, whose content then comes in any order; or says why not.
   *
   * @param isThere whether something had the name when somebody looked; if not, what came meanwhile
   * is seen before the file gets it
   */
  file(
    path: RawPath,
    node: RestoredNode & { readonly sizeBytes: number },
    isThere = true,
  ): RestoringFile | RestoreOutcome {
    return attempted(path, () => {
      const place = splitPath(path);
      if (isThere && !this.#mayReplace(place, node)) return { kind: "kept" } as const;
      const temporary = this.#temporaryBeside(place);
      const flags =
        constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
      const descriptor = openSync(this.#folders.at(temporary), flags, 0o600);
      return new RestoringFile({ path, place, temporary, node, descriptor }, this.#steps);
    });
  }

  /** All but the content of a file that is not closed yet. */
  #complete({ descriptor, node, path }: BegunFile): LeftToFinish | undefined {
    const isOwnerKept = this.#ownership.keep(node, fstatSync(descriptor), ({ uid, gid }) =>
      fchownSync(descriptor, uid, gid),
    );
    const permissions = safePermissions(node.permissions, isOwnerKept);
    const isClosedYet = node.attributes.length > 0;
    fchmodSync(descriptor, isClosedYet ? (permissions & 0o700) | 0o600 : permissions);
    futimesSync(descriptor, nodeTime(node.atimeNs), nodeTime(node.mtimeNs));
    return leftOf(path, node, isClosedYet ? permissions : undefined);
  }

  #beside(
    { mayStay, node, path }: Made,
    make: (address: string | Buffer) => LeftToFinish | undefined,
  ): RestoreOutcome {
    const place = attempted(path, () => {
      const wanted = splitPath(path);
      return this.#mayReplace(wanted, node) ? wanted : ({ kind: "kept" } as const);
    });
    if ("kind" in place) return place;
    const temporary = this.#temporaryBeside(place);
    const outcome = this.#settle({ path, place, temporary, node }, make);
    // Renaming one name of a file to another one of it does nothing.
    if (mayStay === true && outcome.kind === "done") this.#discard(temporary);
    return outcome;
  }

  /** Rule 2: what `make` did to the temporary name gets its own; or goes. */
  #settle(
    { path, place, temporary, node }: Settled,
    make: (address: string | Buffer) => LeftToFinish | undefined,
  ): RestoreOutcome {
    const outcome = attempted(path, (): RestoreOutcome => {
      const left = make(this.#folders.at(temporary));
      if (!this.#mayReplace(place, node)) return { kind: "kept" };
      renameSync(this.#folders.at(temporary), this.#folders.at(place));
      return { kind: "done", left };
    });
    if (outcome.kind !== "done") this.#discard(temporary);
    return outcome;
  }

  #discard(temporary: SplitPath): void {
    attempted(temporary.name, () => rmSync(this.#folders.at(temporary), { force: true }));
  }

  #mayReplace(place: SplitPath, node: RestoredNode): boolean {
    const { overwrite } = this.#options;
    if (overwrite === "always") return true;
    const address = this.#folders.at(place);
    const present = lstatSync(address, { bigint: true, throwIfNoEntry: false });
    if (present === undefined) return true;
    return overwrite === "not-newer" && present.mtimeNs <= node.mtimeNs;
  }

  /** @returns whether it belongs to whom it shall */
  #giveLink(address: string | Buffer, node: RestoredNode): boolean {
    return this.#ownership.keep(node, lstatSync(address), ({ uid, gid }: Owned) =>
      lchownSync(address, uid, gid),
    );
  }

  #temporaryBeside({ folder }: SplitPath): SplitPath {
    this.#made += 1;
    return { folder, name: `${temporaryPrefix}${this.#options.tag}-${this.#made}` as RawPath };
  }
}

interface Made {
  readonly path: RawPath;
  readonly node: RestoredNode;
  /** Whether the temporary name may still be there when all went well. */
  readonly mayStay?: boolean;
}

interface Settled extends Made {
  readonly place: SplitPath;
  readonly temporary: SplitPath;
}

function leftOf(path: RawPath, node: RestoredNode, permissions?: number): LeftToFinish | undefined {
  const { mtimeNs, atimeNs, attributes } = node;
  const isExact = isWholeSecond(mtimeNs) && isWholeSecond(atimeNs);
  if (isExact && attributes.length === 0 && permissions === undefined) return undefined;
  return { path, mtimeNs, atimeNs, attributes, permissions };
}

function attempted<T>(path: RawPath, work: () => T): T | RestoreFailure {
  try {
    return work();
  } catch (error) {
    return failureOf(path, error);
  }
}

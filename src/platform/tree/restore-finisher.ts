/**
 * The end of a restore: what cannot be done for one name alone, or must wait for others.
 *
 * 1. Attributes, then times, then modes: setting the first two takes a right to write that the last
 *    may take away. An ACL and the mode of its file say the same, so their order is free.
 * 2. Folders come when all is made, for each name that is made in one changes its time; and their
 *    modes the deepest first, for what a closed folder holds is out of reach.
 * 3. Beside an ACL the mode's bits for the group are what the ACL allows at most, and not what the
 *    group may do. So where an ACL cannot be set, the group gets no right.
 * 4. Only folders are remembered until then; files are finished `batchMax` at a time.
 */

import { lutimesSync } from "node:fs";
import type { ExtendedAttribute, RawPath } from "../../vault/index.ts";
import { changeMode } from "./change-mode.ts";
import { type TimesProgram, timesPrograms } from "./exact-times-programs.ts";
import { HeldFolders } from "./held-folders.ts";
import { isWholeSecond, nodeTime } from "./node-times.ts";
import { failureOf, type LeftToFinish, type RestoreFailure } from "./restore-outcome.ts";
import { setExactTimes } from "./set-exact-times.ts";
import { createAttributeWriter } from "./write-attributes.ts";

export interface FinisherOptions {
  readonly root: RawPath;
  /** Once for each thing that cannot be restored as it was. */
  readonly warn: (message: string) => void;
  readonly batchMax?: number;
  readonly programs?: readonly TimesProgram[];
  readonly attributeProgram?: string;
}

export interface RestoreFinisher extends Disposable {
  /** What is left of files and links. Calls may not overlap. */
  takeFiles(left: readonly LeftToFinish[]): Promise<readonly RestoreFailure[]>;
  takeFolders(left: readonly LeftToFinish[]): void;
  /** When all is made. */
  end(): Promise<readonly RestoreFailure[]>;
}

export function createRestoreFinisher({
  root,
  warn,
  batchMax = 10_000,
  programs = timesPrograms(process.arch),
  attributeProgram = "setfattr",
}: FinisherOptions): RestoreFinisher {
  const folders = new HeldFolders(root);
  const writeAttributes = createAttributeWriter({ folders, warn, program: attributeProgram });
  const files: LeftToFinish[] = [];
  const leftFolders: LeftToFinish[] = [];
  let isInexact = false;

  async function setTimes(batch: readonly LeftToFinish[]): Promise<readonly RestoreFailure[]> {
    const inexact = batch.filter((each) => !isExactInNode(each));
    if (inexact.length === 0 || isInexact) return [];
    const failures = await setExactTimes(inexact, { root: folders.descriptor(noPath), programs });
    if (failures !== undefined) return failures;
    isInexact = true;
    warn("times are restored to the microsecond only: neither perl nor python3 is there");
    return [];
  }

  async function finish(batch: readonly LeftToFinish[]): Promise<readonly RestoreFailure[]> {
    const written = await writeAttributes(batch.filter(hasAttributes));
    const failures = [...written.failures];
    failures.push(...(await setTimes(batch)));
    for (const { path, permissions, attributes } of batch) {
      if (permissions === undefined) continue;
      const isOpen = written.incomplete.has(path) && attributes.some(isAcl);
      const mode = isOpen ? permissions & ~0o070 : permissions;
      const failure = attempted(path, () => changeMode(folders.address(path), mode));
      if (failure !== undefined) failures.push(failure);
    }
    return failures;
  }

  async function takeFiles(left: readonly LeftToFinish[]): Promise<readonly RestoreFailure[]> {
    files.push(...left);
    const failures: RestoreFailure[] = [];
    while (files.length >= batchMax) failures.push(...(await finish(files.splice(0, batchMax))));
    return failures;
  }

  async function end(): Promise<readonly RestoreFailure[]> {
    const failures = [...(await finish(files.splice(0)))];
    const deepestFirst = leftFolders.splice(0).toSorted((a, b) => depthOf(b) - depthOf(a));
    for (const { path, atimeNs, mtimeNs } of deepestFirst) {
      const failure = attempted(path, () =>
        lutimesSync(folders.address(path), nodeTime(atimeNs), nodeTime(mtimeNs)),
      );
      if (failure !== undefined) failures.push(failure);
    }
    failures.push(...(await finish(deepestFirst)));
    return failures;
  }

  return {
    takeFiles,
    takeFolders: (left) => leftFolders.push(...left),
    end,
    [Symbol.dispose]: () => folders[Symbol.dispose](),
  };
}

const noPath = "" as RawPath;

function isExactInNode({ mtimeNs, atimeNs }: LeftToFinish): boolean {
  return isWholeSecond(mtimeNs) && isWholeSecond(atimeNs);
}

function hasAttributes({ attributes }: LeftToFinish): boolean {
  return attributes.length > 0;
}

function isAcl({ name }: ExtendedAttribute): boolean {
  return name === "system.posix_acl_access";
}

function depthOf({ path }: LeftToFinish): number {
  return path.split("/").length;
}

function attempted(path: RawPath, work: () => void): RestoreFailure | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return failureOf(path, error);
  }
}

/**
 * Restores a snapshot, or parts of it, below a target's root.
 *
 * The walk makes folders and collects files; a window of them is written while the next one is
 * collected. What is there already and complete is not written again, so that a restore that was
 * killed goes on where it was by being started again.
 *
 * R1. What fails is told with its path, and the rest is restored.
 * R2. What is newer stays, unless the target was told otherwise (`RestoreTarget`, T3).
 * R3. A folder on the way to what is meant is made when it is missing, and else left as it is.
 * R4. Names that the snapshot does not have go only when `removes` says so, of each of them and of
 *     all below, only in folders that were restored, and never when the folder's tree could not be
 *     read.
 * R5. With `reads`, each file is read back from the disk and compared with its hashes. With that or
 *     `comparesPresent`, one that is there already counts as restored only when it passes that, and
 *     is written again when not.
 * R6. What is in the snapshot under another name is restored where it belongs: `placed`.
 * R7. A disk without room ends it: what comes next would fail as well.
 */
import type { FileNode, FolderNode, Tree } from "../format/tree-node.ts";
import { walkSnapshot } from "../look/walk-snapshot.ts";
import { joinRaw, type RawPath } from "../raw-path.ts";
import type { Session } from "../repository/session.ts";
import { FolderWay } from "./folder-way.ts";
import { HardLinks } from "./hard-links.ts";
import type { Parts } from "./parts.ts";
import type { WantedFile } from "./plan-runs.ts";
import { readBack } from "./read-back.ts";
import type { Outcome, RestoreTarget, SpecialNode } from "./restore-target.ts";
import type { RestoredFile } from "./restored-file.ts";
import { type EndedFile, writeWindow } from "./write-window.ts";

export interface RestoreOptions {
  /** Id of the snapshot's root tree. */
  readonly tree: string;
  readonly parts: Parts;
  readonly target: RestoreTarget;
  /** Which names the snapshot would have if they had been there (R4); default: none is removed. */
  readonly removes?: (path: RawPath) => boolean;
  /** R5; `onFile` then tells hashes. Default false. */
  readonly reads?: boolean;
  /** R5: its size and its time do not make a file what it should be. Default false. */
  readonly comparesPresent?: boolean;
  /** R6, whatever `parts` says. */
  readonly placed?: readonly PlacedFile[];
  readonly onFile?: (file: RestoredFile) => void;
  readonly onFailure?: (path: RawPath, reason: string) => void;
  readonly onProgress?: (tally: RestoreTally) => void;
  /** Files that are planned together; default 4000. The first of them are written early then. */
  readonly windowFiles?: number;
  /** Of them, those of several blobs, which may be open at the same time. Default 200. */
  readonly windowOpenFiles?: number;
}

export interface PlacedFile {
  readonly path: RawPath;
  readonly node: FileNode;
  /** The folders on the way, from the root on. */
  readonly above: readonly FolderNode[];
}

export interface RestoreTally {
  folders: number;
  /** Written, and links and other kinds that were made. */
  files: number;
  sizeBytes: number;
  /** Was there already, complete; links and other kinds as well. */
  present: number;
  /** Stayed as it is: newer, or not to be overwritten. */
  kept: number;
  removed: number;
  failed: number;
}

export interface RestoreOutcome {
  readonly tally: RestoreTally;
  /** Why it ended before all was tried (R7). */
  readonly stopped: string | undefined;
}

export async function restore(session: Session, options: RestoreOptions): Promise<RestoreOutcome> {
  return await new Restoration(session, options).run();
}

interface Linked {
  readonly path: RawPath;
  readonly source: RawPath;
  readonly node: FileNode;
}

interface Window {
  readonly files: WantedFile[];
  readonly present: WantedFile[];
  readonly links: Linked[];
  openFiles: number;
}

const fullDisk: readonly string[] = ["ENOSPC", "EDQUOT", "EROFS"];

class Restoration {
  readonly #session: Session;
  readonly #options: RestoreOptions;
  readonly #way: FolderWay;
  readonly #links = new HardLinks();
  readonly #tally: RestoreTally = {
    folders: 0,
    files: 0,
    sizeBytes: 0,
    present: 0,
    kept: 0,
    removed: 0,
    failed: 0,
  };
  #window: Window = emptyWindow();
  #writing: Promise<void> = Promise.resolve();
  #numbers = 0;
  #stopped: string | undefined;
  /** In the order of the walk. */
  readonly #placed: PlacedFile[];

  constructor(session: Session, options: RestoreOptions) {
    const { placed = [] } = options;
    this.#placed = placed.toSorted((a, b) => (orderOf(a.path) < orderOf(b.path) ? -1 : 1));
    this.#session = session;
    this.#options = options;
    this.#way = new FolderWay(options.target, (path, outcome) => this.#count(path, outcome));
  }

  async run(): Promise<RestoreOutcome> {
    const { parts, target, tree } = this.#options;
    try {
      const steps = walkSnapshot(this.#session, { tree, enters: (path) => this.#enters(path) });
      for await (const step of steps) {
        if (this.#stopped !== undefined) break;
        this.#place(step.path);
        if (step.kind === "damaged") this.#fail(step.path, step.reason);
        else if (step.kind === "folder") this.#folder(step.path, step.node, step.tree);
        else if (parts.holds(step.path)) {
          if (step.node.kind === "file") this.#named(step.path, step.node);
          else await this.#special(step.path, step.node);
          if (this.#isFull()) await this.#flush();
        }
      }
      if (this.#stopped === undefined) this.#place(undefined);
      await this.#flush();
    } finally {
      // Nothing may be written any more when the caller goes on.
      await this.#writing.catch(() => undefined);
    }
    await this.#writing;
    for (const { path, reason } of await target.end()) this.#fail(joinRaw(rootPath, path), reason);
    this.#options.onProgress?.(this.#tally);
    return { tally: this.#tally, stopped: this.#stopped };
  }

  /** R6: as if the walk had met them in their places. */
  #place(until: RawPath | undefined): void {
    for (let next = this.#placed[0]; next !== undefined; next = this.#placed[0]) {
      const { above, node, path } = next;
      if (until !== undefined && orderOf(path) > orderOf(until)) return;
      this.#placed.shift();
      let folder = rootPath;
      for (const each of above) {
        folder = joinRaw(folder, each.name);
        this.#way.enter(folder, each, false);
      }
      this.#named(path, node);
    }
  }

  #enters(folder: RawPath): boolean {
    return this.#options.parts.mayHold(folder) && !this.#way.isClosed(folder);
  }

  #folder(path: RawPath, node: FolderNode, tree: Tree | undefined): void {
    const { parts } = this.#options;
    const isMeant = parts.holds(path);
    this.#way.enter(path, node, isMeant);
    if (!isMeant) return;
    const names = this.#way.make();
    if (names === undefined) return;
    this.#tally.folders += 1;
    if (tree !== undefined) this.#removeOthers(path, names, tree);
  }

  #removeOthers(path: RawPath, names: ReadonlySet<RawPath>, tree: Tree): void {
    const { parts, removes, target } = this.#options;
    if (removes === undefined) return;
    const known = new Set(tree.nodes.map(({ name }) => name));
    const mayGo = (below: RawPath): boolean => removes(joinRaw(rootPath, below));
    for (const name of names) {
      const other = joinRaw(path, name);
      if (known.has(name) || !parts.holds(other)) continue;
      const outcome = target.remove(belowTarget(other), mayGo);
      if (outcome.kind === "failed") this.#fail(other, outcome.reason);
      else if (outcome.kind === "done") this.#tally.removed += 1;
      else this.#tally.kept += 1;
    }
  }

  /** The names beside it, in the folder that is there now. */
  #beside(source: RawPath): ReadonlySet<RawPath> | undefined {
    this.#way.leaveUntil(source);
    return this.#way.make();
  }

  async #special(source: RawPath, node: SpecialNode): Promise<void> {
    const { target } = this.#options;
    const names = this.#beside(source);
    if (names === undefined) return;
    const path = belowTarget(source);
    const first = this.#links.firstOf(node, path);
    const isThere = names.has(node.name) && target.takePresent(path, node);
    if (isThere && (first === undefined || target.areOne(path, first))) {
      this.#tally.present += 1;
      return;
    }
    const outcome = first === undefined ? undefined : target.hardLink(path, node, first);
    if (outcome?.kind === "done") this.#count(source, outcome);
    else this.#count(source, await target.special(path, node));
  }

  #named(source: RawPath, node: FileNode): void {
    const names = this.#beside(source);
    if (names === undefined) return;
    const path = belowTarget(source);
    if (this.#links.firstOf(node, path) !== undefined) {
      this.#window.links.push({ path, source, node });
      return;
    }
    const isThere = names.has(node.name);
    this.#file({ path, source, node, number: this.#numbers++, isThere });
  }

  #isFull(): boolean {
    const { windowFiles = 4000, windowOpenFiles = 200 } = this.#options;
    const { files, links, openFiles, present } = this.#window;
    const count = files.length + links.length + present.length;
    return count >= windowFiles || openFiles >= windowOpenFiles;
  }

  #file(file: WantedFile): void {
    const { isThere, node, path } = file;
    if (isThere && this.#options.target.takePresent(path, node)) {
      this.#window.present.push(file);
      return;
    }
    this.#window.files.push(file);
    if (node.content.length > 1) this.#window.openFiles += 1;
  }

  /** The window before is over; the one that was collected is written from now on. */
  async #flush(): Promise<void> {
    const window = this.#window;
    this.#window = emptyWindow();
    await this.#writing;
    this.#writing = this.#write(window);
    // Whoever waits for it next hears of it; until then it is no unhandled rejection.
    this.#writing.catch(() => undefined);
  }

  async #write({ files, links, present }: Window): Promise<void> {
    const { comparesPresent = false, reads = false, target } = this.#options;
    const restored: RestoredFile[] = [];
    const isCompared = reads || comparesPresent;
    const differing = isCompared ? await this.#checkPresent(present, restored) : [];
    if (!isCompared) for (const file of present) this.#takePresent(file, restored, "");
    const ended = await writeWindow(this.#session, target, [...files, ...differing]);
    await this.#settle(ended, restored);
    const alone: WantedFile[] = [];
    for (const each of links) {
      const { node, path, source } = each;
      const first = this.#links.restoredFor(node);
      if (first !== undefined && this.#isLinked(each, first.path)) {
        restored.push({ ...first, path: source, node });
      } else alone.push({ node, path, source, number: this.#numbers++, isThere: true });
    }
    if (alone.length > 0) {
      await this.#settle(await writeWindow(this.#session, target, alone), restored);
    }
    const { onFile, onProgress } = this.#options;
    if (onFile) for (const file of inWalkOrder(restored)) onFile(file);
    onProgress?.(this.#tally);
  }

  /** Whether it is one more name of `first` now. */
  #isLinked({ node, path, source }: Linked, first: RawPath): boolean {
    const { target } = this.#options;
    if (target.areOne(path, first)) {
      this.#tally.present += 1;
      return true;
    }
    const outcome = target.hardLink(path, node, first);
    if (outcome.kind === "done") this.#count(source, outcome);
    return outcome.kind === "done";
  }

  /** Those that are not what they seemed. */
  async #checkPresent(
    files: readonly WantedFile[],
    restored: RestoredFile[],
  ): Promise<readonly WantedFile[]> {
    const differing: WantedFile[] = [];
    const checked = await readBack(this.#session, this.#options.target, files);
    for (const { file, result } of checked) {
      if (result.kind === "whole") this.#takePresent(file, restored, result.hash);
      else differing.push(file);
    }
    return differing;
  }

  #takePresent(file: WantedFile, restored: RestoredFile[], hash: string): void {
    const { node, source } = file;
    this.#tally.present += 1;
    this.#take(file, restored, {
      path: source,
      node,
      sizeBytes: node.sizeBytes,
      hash,
      locations: [],
    });
  }

  async #settle(ended: readonly EndedFile[], restored: RestoredFile[]): Promise<void> {
    const done = ended.filter(({ outcome }) => outcome.kind === "done");
    for (const { file, outcome } of ended) {
      if (outcome.kind !== "done") this.#count(file.source, outcome);
    }
    const { reads = false, target } = this.#options;
    const hashes = new Map<number, string>();
    if (reads) {
      const files = done.map(({ file }) => file);
      for (const { file, result } of await readBack(this.#session, target, files)) {
        if (result.kind === "whole") hashes.set(file.number, result.hash);
        else this.#fail(file.source, `what was read back differs: ${result.reason}`);
      }
    }
    for (const { file, locations, sizeBytes } of done) {
      const hash = reads ? hashes.get(file.number) : "";
      if (hash === undefined) continue;
      this.#tally.files += 1;
      this.#tally.sizeBytes += sizeBytes;
      const { node, source } = file;
      this.#take(file, restored, { path: source, node, sizeBytes, hash, locations });
    }
  }

  #take(file: WantedFile, restored: RestoredFile[], told: RestoredFile): void {
    this.#links.restored(file, told);
    if (this.#options.onFile) restored.push(told);
  }

  #count(path: RawPath, outcome: Outcome): void {
    if (outcome.kind === "done") this.#tally.files += 1;
    else if (outcome.kind === "kept") this.#tally.kept += 1;
    else {
      this.#fail(path, outcome.reason);
      if (fullDisk.includes(outcome.code)) this.#stopped ??= outcome.reason;
    }
  }

  #fail(path: RawPath, reason: string): void {
    this.#tally.failed += 1;
    this.#options.onFailure?.(path, reason);
  }
}

const rootPath = "/" as RawPath;

/** Below the target's root the path of a snapshot is the same, without its first slash. */
function belowTarget(path: RawPath): RawPath {
  return path.slice(1) as RawPath;
}

function emptyWindow(): Window {
  return { files: [], present: [], links: [], openFiles: 0 };
}

function orderOf(path: RawPath): string {
  return path.replaceAll("/", "\0");
}

function inWalkOrder(files: readonly RestoredFile[]): readonly RestoredFile[] {
  const keyed = files.map((file) => ({ file, key: orderOf(file.path) }));
  return keyed.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(({ file }) => file);
}

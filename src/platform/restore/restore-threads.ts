/**
 * A folder of this machine as the target of a restore: contents are opened and written in threads,
 * everything else is made by the thread that asks.
 *
 * 1. One thread a lane; it has its own restorer, and so its own temporary names.
 * 2. What killed restores of this machine left is removed from each folder that is entered. What
 *    belongs to a process that lives stays.
 * 3. Times, attributes and modes of folders are set at the end (`RestoreFinisher`), batches of
 * files
 *    as they are finished, beside the writing.
 */
import { mkdirSync } from "node:fs";
import { assert } from "../../kernel/index.ts";
import { hasPid, randomPool } from "../../system/index.ts";
import type {
  CheckedFile,
  FailedPath,
  FileNode,
  FileToCheck,
  FileToWrite,
  FolderNode,
  FolderOutcome,
  Outcome,
  RawPath,
  RestoreTarget,
  SealKeys,
  SpecialNode,
  WriteJob,
  WriteReport,
} from "../../vault/index.ts";
import { systemPath } from "../../vault/index.ts";
import {
  createRestoreFinisher,
  type LeftToFinish,
  type Overwrite,
  type RestoreFailure,
  type RestoreFinisher,
  type RestoreOutcome,
  Restorer,
} from "../tree/index.ts";
import { leftButMode, leftNothing } from "./messages.ts";
import { WritingThread } from "./writing-thread.ts";

export interface RestoreThreadsOptions {
  readonly keys: SealKeys;
  /** Absolute; made when it is missing. "/" restores into place. */
  readonly root: RawPath;
  readonly overwrite: Overwrite;
  /** Default false: a power cut soon afterwards may take files away, as after any copying. */
  readonly isDurable?: boolean;
  readonly threads: number;
  /** Each message once. */
  readonly warn: (message: string) => void;
}

const noNames: ReadonlySet<RawPath> = new Set();

export class RestoreThreads implements RestoreTarget, AsyncDisposable {
  readonly lanes: number;
  readonly names: ReadonlySet<RawPath>;
  readonly #restorer: Restorer;
  readonly #finisher: RestoreFinisher;
  readonly #threads: readonly WritingThread[];
  readonly #open = new Map<number, FileToWrite>();
  readonly #failures: RestoreFailure[] = [];
  readonly #warned = new Set<string>();
  readonly #run: string;
  #waitingToFinish: LeftToFinish[] = [];
  #finishing: Promise<void> = Promise.resolve();

  constructor(options: RestoreThreadsOptions) {
    const { isDurable = false, keys, overwrite, root, threads } = options;
    mkdirSync(systemPath(root), { recursive: true });
    const warn = (message: string): void => {
      if (!this.#warned.has(message)) options.warn(message);
      this.#warned.add(message);
    };
    this.#run = Buffer.from(randomPool()(6)).toString("hex");
    runsHere.add(this.#run);
    const tag = (part: string): string => `${process.pid}-${this.#run}-${part}`;
    const place = { root, overwrite, isDurable };
    this.lanes = threads;
    this.#restorer = new Restorer({ ...place, tag: tag("m"), warn });
    this.#finisher = createRestoreFinisher({ root, warn, batchMax: finishBatch });
    this.#threads = Array.from(
      { length: threads },
      (_, lane) => new WritingThread({ ...place, keys, tag: tag(String(lane)) }, warn),
    );
    const names = this.#restorer.names("" as RawPath, isOver);
    this.names = "kind" in names ? noNames : names;
  }

  folder(path: RawPath, node: FolderNode, isMeant: boolean): FolderOutcome {
    const isThere = this.#restorer.hasFolder(path);
    if (!isThere || isMeant) {
      const outcome = this.#restorer.folder(path, node);
      if (outcome.kind === "failed") return outcome;
      if (outcome.kind === "kept" && !isThere) return outcome;
      if (outcome.kind === "done" && outcome.left) this.#finisher.takeFolders([outcome.left]);
    }
    if (!isThere) return { kind: "ready", names: noNames };
    const names = this.#restorer.names(path, isOver);
    return "kind" in names ? names : { kind: "ready", names };
  }

  takePresent(path: RawPath, node: FileNode | SpecialNode): boolean {
    if (node.kind !== "file") return this.#restorer.hasSpecial(path, node);
    const outcome = this.#restorer.present(path, node);
    if (outcome?.kind !== "done") return false;
    this.#finish(outcome.left);
    return true;
  }

  async special(path: RawPath, node: SpecialNode): Promise<Outcome> {
    const isLink = node.kind === "symlink";
    return this.#take(
      isLink ? this.#restorer.link(path, node) : await this.#restorer.special(path, node),
    );
  }

  hardLink(path: RawPath, node: FileNode | SpecialNode, first: RawPath): Outcome {
    return this.#take(this.#restorer.hardLink(path, node, first));
  }

  areOne(path: RawPath, other: RawPath): boolean {
    return this.#restorer.hasOne(path, other);
  }

  remove(path: RawPath, mayGo: (path: RawPath) => boolean): Outcome {
    return this.#take(this.#restorer.remove(path, mayGo));
  }

  async write(lane: number, job: WriteJob): Promise<WriteReport> {
    for (const file of job.begins) this.#open.set(file.number, file);
    for (const number of job.givesUp) this.#open.delete(number);
    const written = await this.#thread(lane).write(job);
    for (const [at, number] of written.done.entries()) {
      this.#end(number, written.left[at] ?? leftNothing);
    }
    for (const { number } of written.ended) this.#open.delete(number);
    return written;
  }

  readBack(lane: number, files: readonly FileToCheck[]): Promise<readonly CheckedFile[]> {
    return this.#thread(lane).readBack(files);
  }

  async end(): Promise<readonly FailedPath[]> {
    this.#finishBatch();
    await this.#finishing;
    const failures = [...this.#failures.splice(0), ...(await this.#finisher.end())];
    return failures.map(({ code, path, reason }) => ({ path, reason: `${reason} (${code})` }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread[Symbol.asyncDispose]()));
    await this.#finishing.catch(() => undefined);
    runsHere.delete(this.#run);
    this.#finisher[Symbol.dispose]();
    this.#restorer[Symbol.dispose]();
  }

  #thread(lane: number): WritingThread {
    const thread = this.#threads[lane];
    assert(thread !== undefined, "a thread for every lane");
    return thread;
  }

  #end(number: number, left: number): void {
    const file = this.#open.get(number);
    this.#open.delete(number);
    if (file === undefined || left === leftNothing) return;
    const { atimeNs, attributes, mtimeNs } = file.node;
    const permissions = left === leftButMode ? undefined : left;
    this.#finish({ path: file.path, atimeNs, attributes, mtimeNs, permissions });
  }

  #take(outcome: RestoreOutcome): Outcome {
    if (outcome.kind !== "done") return outcome;
    this.#finish(outcome.left);
    return { kind: "done" };
  }

  /** Calls of the finisher may not overlap, and nobody needs to wait for them but the end. */
  #finish(left: LeftToFinish | undefined): void {
    if (left === undefined) return;
    this.#waitingToFinish.push(left);
    if (this.#waitingToFinish.length < finishBatch) return;
    this.#finishBatch();
  }

  #finishBatch(): void {
    const batch = this.#waitingToFinish;
    this.#waitingToFinish = [];
    this.#finishing = this.#finishBehind(this.#finishing, batch);
    // Heard by `end`.
    this.#finishing.catch(() => undefined);
  }

  async #finishBehind(before: Promise<void>, batch: readonly LeftToFinish[]): Promise<void> {
    await before;
    this.#failures.push(...(await this.#finisher.takeFiles(batch)));
  }
}

/** As many as a batch of the finisher. */
const finishBatch = 5000;

/** Restores of this process that are not over. */
const runsHere = new Set<string>();

/** A tag begins with a process and one of its restores. */
function isOver(tag: string): boolean {
  const [pid = "", run = ""] = tag.split("-");
  return Number(pid) === process.pid ? !runsHere.has(run) : !hasPid(Number(pid));
}

/**
 * What a folder's listing says of a name becomes a node of a tree; files are read for it when they
 * have changed.
 *
 * N1. What `lstat` shows unchanged (size, mtime, ctime, inode) is taken from the parent, if every
 *     location that takes part still holds its content; everything else is read. So is what may
 *     have changed in the same step of the clock after it was read for the parent.
 * N2. The node of a file tells of the file that was read, not of the one that was listed before.
 * N3. The time of the last access is that of the last change, as restic has it: a tree would be new
 *     whenever somebody looked at it.
 * N4. A changed file that has further names is written as if it had none while those are not looked
 *     at: they are told of as they were, and are no names of what it is now. It has no inode then,
 *     for restic takes equal ones for links; so the next look at everything reads it again.
 */
import { mayHaveChanged } from "../clock-step.ts";
import { idOfHex } from "../format/ids.ts";
import type { ExtendedAttribute, TreeNode } from "../format/tree-node.ts";
import type { RawPath } from "../raw-path.ts";
import type { BlobWriter } from "../repository/blob-writer.ts";
import type { ReadAttributes, SourceEntry } from "../tree-source.ts";
import { Batches } from "./batches.ts";
import type { ContentSink, ContentThreads, FileToRead, ReadFile } from "./content.ts";
import type { Tally } from "./tally.ts";

export interface NodeMakerOptions {
  readonly threads: ContentThreads;
  readonly writer: BlobWriter;
  readonly readAttributes: ReadAttributes;
  readonly tally: Tally;
  /** Everything is looked at, so all names of a file are (N4). */
  readonly seesAll: boolean;
  /** When what the parent holds began to be read; undefined: there is none. */
  readonly parentNs: bigint | undefined;
  readonly nowNs: bigint;
  readonly signal: AbortSignal;
}

/** What an async function gives back without its caller waiting for it. */
export interface Begun<T> {
  readonly done: Promise<T>;
}

export type FileEntry = Extract<SourceEntry, { kind: "file" }>;
export type FolderEntry = Extract<SourceEntry, { kind: "dir" }>;

/** Together they keep a thread busy for some milliseconds, and hold some megabytes. */
const fileBatch = { mostItems: 128, mostWeight: 4 << 20 } as const;
const attributeBatch = { mostItems: 1000, mostWeight: 1000, atOnce: 2 } as const;

export class NodeMaker {
  readonly #options: NodeMakerOptions;
  readonly #files: Batches<FileToRead, ReadFile>;
  readonly #attributes: Batches<RawPath, readonly ExtendedAttribute[]>;

  constructor(options: NodeMakerOptions) {
    this.#options = options;
    const { signal, threads, writer } = options;
    const sink: ContentSink = {
      wants: (id) => writer.wants(id, "data"),
      take: (blob) => writer.add(blob),
    };
    this.#files = new Batches({
      ...fileBatch,
      atOnce: threads.width + 1,
      run: (files) => threads.read(files, sink, signal),
    });
    this.#attributes = new Batches({
      ...attributeBatch,
      run: (paths) => this.#attributesOf(paths),
    });
  }

  /** Nothing more is coming. */
  flush(): void {
    this.#files.flush();
    this.#attributes.flush();
  }

  /** The parent's node, if it says what is there now (N1). */
  unchanged(entry: SourceEntry, before: TreeNode | undefined): TreeNode | undefined {
    if (before === undefined || !looksSame(entry, before)) return undefined;
    if (before.kind !== "file") return before;
    const { nowNs, parentNs } = this.#options;
    if (parentNs !== undefined && mayHaveChanged(before, parentNs, nowNs)) return undefined;
    const isHeld = before.content.every((id) => this.#options.writer.holds(idOfHex(id), "data"));
    if (!isHeld) return undefined;
    const { counts } = this.#options.tally;
    counts.unchangedFiles += 1;
    counts.totalBytes += before.sizeBytes;
    return before;
  }

  /** Waits until there is room for more to be read. */
  async begin(
    path: RawPath,
    entry: Exclude<SourceEntry, FolderEntry>,
    before: TreeNode | undefined,
  ): Promise<Begun<TreeNode | undefined>> {
    const attributes = await this.attributes(path);
    if (entry.kind !== "file") {
      const { mtimeNs } = entry;
      const done = attributes.done.then((found) => ({
        ...entry,
        atimeNs: mtimeNs,
        attributes: found,
      }));
      return { done };
    }
    await this.#files.room();
    return { done: this.#read(path, entry, { before, attributes }) };
  }

  async attributes(path: RawPath): Promise<Begun<readonly ExtendedAttribute[]>> {
    await this.#attributes.room();
    return { done: this.#attributes.add(path, 1) };
  }

  async #attributesOf(
    paths: readonly RawPath[],
  ): Promise<readonly (readonly ExtendedAttribute[])[]> {
    const { attributes, failures } = await this.#options.readAttributes(paths);
    this.#options.tally.failures.push(...failures);
    return paths.map((path) => attributes.get(path) ?? []);
  }

  async #read(
    path: RawPath,
    entry: FileEntry,
    task: { before: TreeNode | undefined; attributes: Begun<readonly ExtendedAttribute[]> },
  ): Promise<TreeNode | undefined> {
    const { sizeBytes } = entry;
    const [read, attributes] = await Promise.all([
      this.#files.add({ path, sizeBytes }, sizeBytes),
      task.attributes.done,
    ]);
    const { counts, failures, short, unsteady } = this.#options.tally;
    if (read.kind === "failed") {
      failures.push({ path, code: read.code });
      return undefined;
    }
    if (!read.isSteady) unsteady.push(path);
    else if (read.sizeBytes !== read.seen.sizeBytes) short.push(path);
    counts[kindOfChange(task.before, { entry, read })] += 1;
    counts.totalBytes += read.sizeBytes;
    counts.readBytes += read.sizeBytes;
    const { ctimeNs, inode, mtimeNs } = read.seen;
    const seen = { mtimeNs, ctimeNs, inode, atimeNs: mtimeNs, sizeBytes: read.sizeBytes };
    const isAlone = entry.links > 1 && !this.#options.seesAll;
    const names = isAlone ? { links: 1, inode: 0n } : {};
    return { ...entry, ...seen, ...names, attributes, content: read.content };
  }
}

type ReadContent = Extract<ReadFile, { kind: "read" }>;
type CountedChange = "newFiles" | "changedFiles" | "unchangedFiles";

function kindOfChange(
  before: TreeNode | undefined,
  { entry, read }: { readonly entry: FileEntry; readonly read: ReadContent },
): CountedChange {
  if (before === undefined) return "newFiles";
  const isSame =
    before.kind === "file" &&
    looksSame(entry, before) &&
    read.content.join() === before.content.join();
  return isSame ? "unchangedFiles" : "changedFiles";
}

/** As far as `lstat` can tell. */
export function looksSame(entry: SourceEntry, node: TreeNode): boolean {
  if (entry === node) return true;
  return (
    entry.kind === node.kind &&
    entry.mtimeNs === node.mtimeNs &&
    entry.ctimeNs === node.ctimeNs &&
    entry.inode === node.inode &&
    (entry.kind !== "file" || node.kind !== "file" || entry.sizeBytes === node.sizeBytes)
  );
}

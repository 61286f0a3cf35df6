/**
 * From the tree as it is to trees in the repository.
 *
 * The walk goes down folder after folder in one line, and hands what must be read to the threads;
 * a folder's own tree is written when all below it is known, which may be later. So the walk is
 * never far ahead of the reading, and neither waits for the other.
 *
 * V1. A folder whose nodes are all the parent's is the parent's tree: nothing is encoded for it.
 * V2. Nothing is passed over in silence: `Tally` names what could not be read.
 * V3. The first thing that makes the walk useless ends it; nothing is left running unheeded.
 * V4. A folder above the sources keeps the times by which it is known while its owner and mode are
 *     the same: names come and go there that no snapshot holds, and each would make it a new one.
 */
import { Damage } from "../format/damage.ts";
import { hexOfId, idOfHex } from "../format/ids.ts";
import { encodeTree } from "../format/tree-json.ts";
import type { FolderNode, Tree, TreeNode } from "../format/tree-node.ts";
import { joinRaw, type RawPath } from "../raw-path.ts";
import type { BlobWriter } from "../repository/blob-writer.ts";
import { type Codec, digestOf } from "../repository/codec.ts";
import type { TreeReader } from "../repository/tree-reader.ts";
import type { SourceEntry, TreeSource } from "../tree-source.ts";
import { type Begun, type FolderEntry, looksSame, type NodeMaker } from "./node-maker.ts";
import type { Scope } from "./scope.ts";
import type { Way } from "./sources.ts";
import type { Tally } from "./tally.ts";

export interface WalkOptions {
  readonly source: TreeSource;
  readonly nodes: NodeMaker;
  readonly writer: BlobWriter;
  readonly trees: TreeReader;
  readonly codec: Codec;
  readonly scope: Scope;
  readonly isExcluded: (path: RawPath, isFolder: boolean) => boolean;
  readonly tally: Tally;
  /** After each folder. */
  readonly onProgress: () => void;
  readonly signal: AbortSignal;
}

/** Known at once, or later; undefined when it could not be read. */
type Part = TreeNode | Promise<TreeNode | undefined>;

interface FolderTask {
  readonly path: RawPath;
  readonly way: Way;
  /** In which it lies; undefined: it is a folder above the sources. */
  readonly source: RawPath | undefined;
  readonly parentTree: string | undefined;
  /** `lstat` sees no difference to what the parent's node says of the folder itself. */
  readonly isSame: boolean;
}

interface BelowTask extends Pick<FolderTask, "path" | "way" | "source"> {
  readonly before: TreeNode | undefined;
}

const rootPath = "/" as RawPath;

function isUnseen(treat: ReturnType<Scope["treat"]>): boolean {
  return treat === "keep" || treat === "leave";
}

export class TreeWalk {
  readonly #options: WalkOptions;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: WalkOptions) {
    this.#options = options;
  }

  /** @returns the id of the tree of the root of the file system */
  async run(way: Way, parentTree: string | undefined): Promise<string> {
    const { done } = await this.#beginTree({
      path: rootPath,
      way,
      source: way === undefined ? rootPath : undefined,
      parentTree,
      isSame: false,
    });
    this.#options.nodes.flush();
    return done;
  }

  async #beginTree(folder: FolderTask): Promise<Begun<string>> {
    const { isSame, path, way, parentTree } = folder;
    const { onProgress, scope, signal, tally } = this.#options;
    signal.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure.error;
    const treat = parentTree === undefined || way !== undefined ? "list" : scope.treat(path);
    if (parentTree !== undefined && treat === "keep" && isSame) {
      return { done: Promise.resolve(parentTree) };
    }
    const before = parentTree === undefined ? undefined : await this.#known(parentTree);
    const isPassed = before !== undefined && treat === "pass";
    const parts = isPassed ? await this.#pass(path, before) : await this.#beginAll(folder, before);
    tally.counts.folders += 1;
    onProgress();
    const done = this.#finishTree(parts, { before, parentTree });
    this.#heed(done);
    return { done };
  }

  /** What cannot be read any more is no parent: everything below is looked at, and read, anew. */
  async #known(tree: string): Promise<Tree | undefined> {
    try {
      return await this.#options.trees.read(tree, this.#options.signal);
    } catch (error) {
      if (error instanceof Damage) return undefined;
      throw error;
    }
  }

  /** All nodes as they were, but the folders in or below which something changed. */
  async #pass(path: RawPath, before: Tree): Promise<readonly Part[]> {
    const { scope, source } = this.#options;
    const parts: Part[] = [];
    for (const node of before.nodes) {
      const below = joinRaw(path, node.name);
      const isKept = node.kind !== "dir" || isUnseen(scope.treat(below));
      const entry = isKept ? undefined : source.look(below);
      // Gone or no folder any more: then this folder has changed as well, and its turn comes.
      if (entry?.kind !== "dir") parts.push(node);
      else {
        const task = { path: below, way: undefined, source: undefined, before: node };
        parts.push((await this.#beginFolder(entry, task)).done);
      }
    }
    return parts;
  }

  async #beginAll(
    { path: folder, source, way }: FolderTask,
    before: Tree | undefined,
  ): Promise<readonly Part[]> {
    const known = new Map(before?.nodes.map((node) => [node.name, node]));
    const parts: Part[] = [];
    for (const entry of this.#entries(folder, way, known)) {
      const path = joinRaw(folder, entry.name);
      const below = way?.get(entry.name);
      const within = source ?? (below === undefined ? path : undefined);
      const task = { path, way: below, source: within, before: known.get(entry.name) };
      if (within !== undefined && entry.kind === "file") this.#count(within);
      const part = this.#keep(entry, task, way) ?? (await this.#begin(entry, task)).done;
      parts.push(part);
    }
    return parts;
  }

  /** The parent's node where that is right; for folders only where nothing below is to be seen. */
  #keep(entry: SourceEntry, { before, path }: BelowTask, way: Way): TreeNode | undefined {
    if (entry.kind !== "dir") return this.#options.nodes.unchanged(entry, before);
    if (way !== undefined || before?.kind !== "dir") return undefined;
    const treat = this.#options.scope.treat(path);
    const isKept = treat === "leave" || (treat === "keep" && looksSame(entry, before));
    return isKept ? before : undefined;
  }

  async #begin(entry: SourceEntry, task: BelowTask): Promise<Begun<TreeNode | undefined>> {
    if (entry.kind === "dir") return this.#beginFolder(entry, task);
    const begun = await this.#options.nodes.begin(task.path, entry, task.before);
    this.#heed(begun.done);
    return begun;
  }

  #entries(path: RawPath, way: Way, known: ReadonlyMap<RawPath, TreeNode>): readonly SourceEntry[] {
    const { isExcluded, source, tally } = this.#options;
    if (way === undefined) {
      const { entries, failures } = source.list(path, known);
      tally.failures.push(...failures);
      return entries.filter(
        (entry) => !isExcluded(joinRaw(path, entry.name), entry.kind === "dir"),
      );
    }
    const names = [...way.keys()].toSorted((left, right) => (left < right ? -1 : 1));
    return names.flatMap((name) => {
      const below = joinRaw(path, name);
      const entry = source.look(below);
      if (entry === undefined) tally.failures.push({ path: below, code: "ENOENT" });
      return entry ?? [];
    });
  }

  async #beginFolder(
    listed: FolderEntry,
    { before, path, source, way }: BelowTask,
  ): Promise<Begun<FolderNode>> {
    const known = before?.kind === "dir" ? before : undefined;
    const entry = way !== undefined && known !== undefined ? withTimesOf(known, listed) : listed;
    const isSame = known !== undefined && looksSame(entry, known);
    const attributes = isSame ? undefined : await this.#options.nodes.attributes(path);
    if (attributes !== undefined) this.#heed(attributes.done);
    const tree = await this.#beginTree({ path, way, source, parentTree: known?.subtree, isSame });
    const finish = async (): Promise<FolderNode> => {
      const subtree = await tree.done;
      if (isSame && subtree === known.subtree) return known;
      const found = (await attributes?.done) ?? known?.attributes ?? [];
      return { ...entry, atimeNs: entry.mtimeNs, attributes: found, subtree };
    };
    const done = finish();
    this.#heed(done);
    return { done };
  }

  async #finishTree(
    parts: readonly Part[],
    { before, parentTree }: { before: Tree | undefined; parentTree: string | undefined },
  ): Promise<string> {
    const nodes = (await Promise.all(parts.map((part) => Promise.resolve(part)))).filter(
      (node) => node !== undefined,
    );
    const isSame =
      before?.nodes.length === nodes.length && nodes.every((node, at) => node === before.nodes[at]);
    // The tree itself may have been lost at a location, unlike the nodes that are in it.
    if (isSame && parentTree !== undefined && this.#isHeld(parentTree)) return parentTree;
    const content = encodeTree({ nodes });
    const id = digestOf(content);
    const { codec, writer } = this.#options;
    if (writer.wants(id, "tree")) await writer.add(codec.sealBlob("tree", content, id));
    return hexOfId(id);
  }

  #isHeld(tree: string): boolean {
    return this.#options.writer.holds(idOfHex(tree), "tree");
  }

  #count(source: RawPath): void {
    const { filesIn } = this.#options.tally;
    filesIn.set(source, (filesIn.get(source) ?? 0) + 1);
  }

  /** Somebody awaits it later; until then its failure is not unheeded (V3). */
  #heed(promise: Promise<unknown>): void {
    promise.catch((error: unknown) => {
      this.#failure ??= { error };
    });
  }
}

/** V4. */
function withTimesOf(known: FolderNode, entry: FolderEntry): FolderEntry {
  const isSame =
    known.inode === entry.inode &&
    known.permissions === entry.permissions &&
    known.uid === entry.uid &&
    known.gid === entry.gid;
  return isSame ? { ...entry, mtimeNs: known.mtimeNs, ctimeNs: known.ctimeNs } : entry;
}

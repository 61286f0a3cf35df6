/**
 * A snapshot's tree, name after name in the order of their bytes, each folder before what it holds.
 *
 * W1. Memory: the trees on the way down to the present name, and no more.
 * W2. A tree that no location gives whole is told in its place, and the walk goes on behind it.
 */
import { Damage } from "../format/damage.ts";
import type { FolderNode, Tree, TreeNode } from "../format/tree-node.ts";
import { joinRaw, type RawPath } from "../raw-path.ts";
import type { Session } from "../repository/session.ts";

export type WalkStep =
  | { readonly kind: "name"; readonly path: RawPath; readonly node: Exclude<TreeNode, FolderNode> }
  /** `tree` is undefined for a folder that is not entered. */
  | {
      readonly kind: "folder";
      readonly path: RawPath;
      readonly node: FolderNode;
      readonly tree: Tree | undefined;
    }
  /** The folder itself was told before; the root, "/", has no node. */
  | { readonly kind: "damaged"; readonly path: RawPath; readonly reason: string };

export interface WalkOptions {
  /** Id of the root tree. */
  readonly tree: string;
  /** Whether something in this folder is wanted; absolute. Default: all. */
  readonly enters?: (folder: RawPath) => boolean;
}

interface Level {
  readonly path: RawPath;
  readonly nodes: Tree["nodes"];
  next: number;
}

const rootPath = "/" as RawPath;

export async function* walkSnapshot(
  { signal, vault }: Session,
  { tree: rootId, enters = () => true }: WalkOptions,
): AsyncGenerator<WalkStep> {
  const read = async (id: string): Promise<Tree | Damage> => {
    try {
      return await vault.trees.read(id, signal);
    } catch (error) {
      if (error instanceof Damage) return error;
      throw error;
    }
  };
  const root = await read(rootId);
  if (root instanceof Damage) {
    yield { kind: "damaged", path: rootPath, reason: root.message };
    return;
  }
  const levels: Level[] = [{ path: rootPath, nodes: root.nodes, next: 0 }];
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    signal.throwIfAborted();
    const node = level.nodes[level.next];
    level.next += 1;
    if (node === undefined) {
      levels.pop();
      continue;
    }
    const path = joinRaw(level.path, node.name);
    if (node.kind !== "dir") {
      yield { kind: "name", path, node };
      continue;
    }
    const tree = enters(path) ? await read(node.subtree) : undefined;
    if (tree instanceof Damage) {
      yield { kind: "folder", path, node, tree: undefined };
      yield { kind: "damaged", path, reason: tree.message };
    } else {
      yield { kind: "folder", path, node, tree };
      if (tree !== undefined) levels.push({ path, nodes: tree.nodes, next: 0 });
    }
  }
}

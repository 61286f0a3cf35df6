/** Looks into the trees of snapshots, by paths. */
import type { RawPath, Tree, TreeNode, Vault } from "../../vault/index.ts";
import { joinRaw } from "../../vault/index.ts";

export interface TreeLooks {
  readonly trees: Vault["trees"];
  readonly signal: AbortSignal;
}

/** @param path absolute; undefined when the snapshot does not hold it */
export async function nodeAt(
  tree: string,
  path: RawPath,
  { signal, trees }: TreeLooks,
): Promise<TreeNode | undefined> {
  const names = path.split("/").filter((name) => name !== "");
  let node: TreeNode | undefined;
  let at: string | undefined = tree;
  for (const name of names) {
    if (at === undefined) return undefined;
    node = nodeNamed(await trees.read(at, signal), name);
    at = node?.kind === "dir" ? node.subtree : undefined;
  }
  return node;
}

/** All that lies in a tree, folders before what is in them. */
export async function* nodesBelow(
  tree: string,
  path: RawPath,
  looks: TreeLooks,
): AsyncGenerator<{ readonly path: RawPath; readonly node: TreeNode }> {
  const { nodes } = await looks.trees.read(tree, looks.signal);
  for (const node of nodes) {
    const below = joinRaw(path, node.name);
    yield { path: below, node };
    if (node.kind === "dir") yield* nodesBelow(node.subtree, below, looks);
  }
}

export interface Difference {
  readonly path: RawPath;
  readonly before: TreeNode | undefined;
  readonly now: TreeNode | undefined;
}

/**
 * What two snapshots hold differently, folder by folder; trees that are the same are not opened. Of
 * a folder that is in one of them only, everything below is told as well.
 */
export async function* differences(
  before: string | undefined,
  now: string | undefined,
  looks: TreeLooks & { readonly path: RawPath },
): AsyncGenerator<Difference> {
  if (before === now) return;
  const { path, signal, trees } = looks;
  const old = nodesOf(before === undefined ? undefined : await trees.read(before, signal));
  const fresh = nodesOf(now === undefined ? undefined : await trees.read(now, signal));
  for (const name of new Set([...old.keys(), ...fresh.keys()])) {
    const [was, is] = [old.get(name), fresh.get(name)];
    const below = joinRaw(path, name);
    yield { path: below, before: was, now: is };
    yield* differences(subtreeOf(was), subtreeOf(is), { trees, signal, path: below });
  }
}

function nodesOf(tree: Tree | undefined): ReadonlyMap<RawPath, TreeNode> {
  return new Map(tree?.nodes.map((node) => [node.name, node]));
}

function subtreeOf(node: TreeNode | undefined): string | undefined {
  return node?.kind === "dir" ? node.subtree : undefined;
}

function nodeNamed({ nodes }: Tree, name: string): TreeNode | undefined {
  let low = 0;
  let high = nodes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((nodes[middle]?.name ?? "") < name) low = middle + 1;
    else high = middle;
  }
  return nodes[low]?.name === name ? nodes[low] : undefined;
}

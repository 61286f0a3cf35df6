/** What a snapshot says of one path. */
import type { TreeNode } from "../format/tree-node.ts";
import type { RawPath } from "../raw-path.ts";
import type { Session } from "../repository/session.ts";

/**
 * Undefined: it has no such path.
 *
 * @param path absolute, not "/"
 * @throws Damage when a folder above it cannot be read
 */
export async function nodeAt(
  { signal, vault }: Session,
  tree: string,
  path: RawPath,
): Promise<TreeNode | undefined> {
  const names = path.slice(1).split("/");
  let folder = tree;
  for (const [depth, name] of names.entries()) {
    const { nodes } = await vault.trees.read(folder, signal);
    const node = nodes.find((each) => each.name === name);
    if (depth === names.length - 1) return node;
    if (node?.kind !== "dir") return undefined;
    folder = node.subtree;
  }
  return undefined;
}

/** Everything in a snapshot, folders before what they hold, names by their bytes. */
import { Damage } from "../format/damage.ts";
import type { TreeNode } from "../format/tree-node.ts";
import { joinRaw, type RawPath } from "../raw-path.ts";
import type { TreeReader } from "../repository/tree-reader.ts";

export type Visit =
  | { readonly kind: "node"; readonly path: RawPath; readonly node: TreeNode }
  /** What the folder holds cannot be read. */
  | { readonly kind: "damaged"; readonly path: RawPath; readonly reason: string };

/** Deeper than any file system's longest path. */
const depthMax = 5000;

export async function* walkSnapshot(
  trees: TreeReader,
  tree: string,
  signal: AbortSignal,
): AsyncGenerator<Visit> {
  const open: { readonly path: RawPath; readonly nodes: Iterator<TreeNode> }[] = [];
  const enter = async (path: RawPath, id: string): Promise<Visit | undefined> => {
    if (open.length >= depthMax) return { kind: "damaged", path, reason: "it is nested too deep" };
    try {
      const { nodes } = await trees.read(id, signal);
      open.push({ path, nodes: nodes[Symbol.iterator]() });
      return undefined;
    } catch (error) {
      if (!(error instanceof Damage)) throw error;
      return { kind: "damaged", path, reason: error.message };
    }
  };
  const root = await enter("/" as RawPath, tree);
  if (root !== undefined) yield root;
  for (let folder = open.at(-1); folder !== undefined; folder = open.at(-1)) {
    signal.throwIfAborted();
    const next = folder.nodes.next();
    if (next.done === true) {
      open.pop();
      continue;
    }
    const node = next.value;
    const path = joinRaw(folder.path, node.name);
    yield { kind: "node", path, node };
    const damaged = node.kind === "dir" ? await enter(path, node.subtree) : undefined;
    if (damaged !== undefined) yield damaged;
  }
}

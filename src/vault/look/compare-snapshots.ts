/**
 * What is different in two snapshots, in the order of the paths' bytes: `diff`.
 *
 * C1. Folders that have the same id hold the same, and are not read.
 * C2. A folder that is only in one of them is told, and all that it holds.
 * C4. Folders above what both protect are others' business: who changes their metadata changes
 *     nothing that is protected.
 * C3. What is there by another kind (a file that became a link) has another content.
 */
import { Damage } from "../format/damage.ts";
import type { StoredSnapshot } from "../format/snapshot-json.ts";
import type { FolderNode, Tree, TreeNode } from "../format/tree-node.ts";
import { joinRaw, type RawPath, rawPathOfText } from "../raw-path.ts";
import type { Session } from "../repository/session.ts";
import { isInside } from "../select/is-inside.ts";

export type Difference =
  | { readonly kind: "added"; readonly path: RawPath; readonly after: TreeNode }
  | { readonly kind: "removed"; readonly path: RawPath; readonly before: TreeNode }
  | {
      /** `metadata`: mode, owner, mtime or attributes, with the same content. */
      readonly kind: "content" | "metadata";
      readonly path: RawPath;
      readonly before: TreeNode;
      readonly after: TreeNode;
    }
  /** Cannot be compared, for no location gives one of its trees whole. */
  | { readonly kind: "damaged"; readonly path: RawPath; readonly reason: string };

type ComparedSnapshot = Pick<StoredSnapshot, "paths" | "tree">;

/** @param pair the earlier one first */
export async function* compareSnapshots(
  session: Session,
  [before, after]: readonly [ComparedSnapshot, ComparedSnapshot],
): AsyncGenerator<Difference> {
  const roots = [...before.paths, ...after.paths].map(rawPathOfText);
  const isInARoot = (path: RawPath): boolean => roots.some((root) => isInside(path, root));
  const pair = [before.tree, after.tree] as const;
  for await (const each of compareFolders(session, "/" as RawPath, pair)) {
    if (each.kind !== "metadata" || isInARoot(each.path)) yield each;
  }
}

type Pair = readonly [before: string | undefined, after: string | undefined];

async function* compareFolders(
  session: Session,
  path: RawPath,
  pair: Pair,
): AsyncGenerator<Difference> {
  const { signal, vault } = session;
  signal.throwIfAborted();
  const [before, after] = pair;
  if (before === after) return;
  const read = async (id: string | undefined): Promise<Tree> =>
    id === undefined ? { nodes: [] } : await vault.trees.read(id, signal);
  let trees: readonly [Tree, Tree];
  try {
    trees = [await read(before), await read(after)];
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    yield { kind: "damaged", path, reason: error.message };
    return;
  }
  for (const [old, fresh] of pairsOf(...trees)) {
    const name = (fresh ?? old)?.name;
    if (name !== undefined) yield* compareNodes(session, joinRaw(path, name), [old, fresh]);
  }
}

async function* compareNodes(
  session: Session,
  path: RawPath,
  [before, after]: NodePair,
): AsyncGenerator<Difference> {
  const difference = differenceOf(path, before, after);
  if (difference !== undefined) yield difference;
  const below: Pair = [subtreeOf(before), subtreeOf(after)];
  if (below[0] !== below[1]) yield* compareFolders(session, path, below);
}

function differenceOf(
  path: RawPath,
  before: TreeNode | undefined,
  after: TreeNode | undefined,
): Difference | undefined {
  if (before === undefined) return after && { kind: "added", path, after };
  if (after === undefined) return { kind: "removed", path, before };
  const kind = changeOf(before, after);
  return kind && { kind, path, before, after };
}

/** Of the node alone: a folder's content is told of what it holds. */
export function changeOf(before: TreeNode, after: TreeNode): "content" | "metadata" | undefined {
  if (contentOf(before) !== contentOf(after)) return "content";
  return metadataOf(before) === metadataOf(after) ? undefined : "metadata";
}

type NodePair = readonly [TreeNode | undefined, TreeNode | undefined];

/** Nodes of the same name together; both lists are in the order of names. */
function* pairsOf(before: Tree, after: Tree): Generator<NodePair> {
  let [left, right] = [0, 0];
  for (;;) {
    const old = before.nodes[left];
    const fresh = after.nodes[right];
    if (old === undefined && fresh === undefined) return;
    const takesOld = old !== undefined && (fresh === undefined || old.name <= fresh.name);
    const takesFresh = fresh !== undefined && (old === undefined || fresh.name <= old.name);
    if (takesOld) left += 1;
    if (takesFresh) right += 1;
    yield [takesOld ? old : undefined, takesFresh ? fresh : undefined];
  }
}

function subtreeOf(node: TreeNode | undefined): string | undefined {
  return node?.kind === "dir" ? (node satisfies FolderNode).subtree : undefined;
}

function contentOf(node: TreeNode): string {
  switch (node.kind) {
    case "file":
      return `file ${node.content.join(" ")}`;
    case "symlink":
      return `link ${node.target}`;
    case "dev":
    case "chardev":
      return `${node.kind} ${node.device}`;
    default:
      return node.kind;
  }
}

function metadataOf({ permissions, mtimeNs, uid, gid, attributes }: TreeNode): string {
  const values = attributes.map(({ name, value }) => [name, ...value]);
  return JSON.stringify([permissions, String(mtimeNs), uid, gid, values]);
}

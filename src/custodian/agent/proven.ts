/**
 * When was a content last known to be what the vault holds?
 *
 * The oldest snapshot that has a file with these marks and this content is the one that read it, or
 * a later one; it read no earlier than it began.
 */
import { listSnapshots, type Session, type TreeNode } from "../../vault/index.ts";
import type { Loss } from "./losses.ts";
import { nodeAt } from "./snapshot-trees.ts";

/** Undefined when no snapshot has it any more. */
export async function provenNsOf(
  { expected, path }: Loss,
  session: Session,
): Promise<bigint | undefined> {
  const looks = { trees: session.vault.trees, signal: session.signal };
  for (const { timeNs, tree } of await listSnapshots(session)) {
    const node = await nodeAt(tree, path, looks);
    if (node !== undefined && isSame(node, expected)) return timeNs;
  }
  return undefined;
}

function isSame(node: TreeNode, expected: TreeNode): boolean {
  return (
    node.kind === "file" &&
    expected.kind === "file" &&
    node.ctimeNs === expected.ctimeNs &&
    node.mtimeNs === expected.mtimeNs &&
    node.inode === expected.inode &&
    node.content.join() === expected.content.join()
  );
}

/**
 * What became of one path over the snapshots, the newest first.
 *
 * V1. Snapshots of the same machine that protect the path are looked at, and no others: to those it
 *     says nothing that the path is not there.
 * V2. One that cannot be read is told, and the next one is looked at.
 */
import { Damage } from "../format/damage.ts";
import type { TreeNode } from "../format/tree-node.ts";
import { type RawPath, rawPathOfText } from "../raw-path.ts";
import type { Session } from "../repository/session.ts";
import type { HeldSnapshot } from "../repository/snapshots.ts";
import { isInside } from "../select/is-inside.ts";
import { changeOf } from "./compare-snapshots.ts";
import { nodeAt } from "./node-at.ts";

export interface Version {
  /** The first and the last snapshot in a row that have it so. */
  readonly oldest: HeldSnapshot;
  readonly newest: HeldSnapshot;
  readonly snapshots: number;
  /** Undefined: it was not there. A text: why that cannot be told. */
  readonly node: TreeNode | string | undefined;
}

/** Each version once, when the first that differs, or the end, was found. */
export async function* versionsOf(
  session: Session,
  snapshots: readonly HeldSnapshot[],
  wish: { readonly path: RawPath; readonly hostname: string },
): AsyncGenerator<Version> {
  const { hostname, path } = wish;
  const looked = snapshots.filter(
    (each) =>
      each.hostname === hostname && each.paths.some((root) => isInside(path, rawPathOfText(root))),
  );
  let version: Version | undefined;
  for (const snapshot of looked.toReversed()) {
    const node = await read(session, snapshot, path);
    if (version !== undefined && isSame(version.node, node)) {
      version = { ...version, oldest: snapshot, snapshots: version.snapshots + 1 };
      continue;
    }
    if (version !== undefined) yield version;
    version = { oldest: snapshot, newest: snapshot, snapshots: 1, node };
  }
  if (version !== undefined) yield version;
}

async function read(
  session: Session,
  { tree }: HeldSnapshot,
  path: RawPath,
): Promise<Version["node"]> {
  session.signal.throwIfAborted();
  try {
    return await nodeAt(session, tree, path);
  } catch (error) {
    if (error instanceof Damage) return error.message;
    throw error;
  }
}

function isSame(left: Version["node"], right: Version["node"]): boolean {
  if (typeof left !== "object" || typeof right !== "object") return left === right;
  if (left.kind === "dir" && right.kind === "dir" && left.subtree !== right.subtree) return false;
  return changeOf(left, right) === undefined;
}

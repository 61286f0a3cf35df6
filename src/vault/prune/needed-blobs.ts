/**
 * Which blobs are needed, and where: a word for each blob of the index, whose bits are the places
 * with a snapshot that leads to it. Four bytes a blob, however many snapshots there are.
 *
 * N1. A tree is read once for each set of places, not once for each snapshot.
 * N2. What a snapshot leads to and no index names is damage, and ends it: who would go on would
 *     take what cannot be found for what is not needed.
 */
import type { BlobKind } from "../format/blob.ts";
import { Damage } from "../format/damage.ts";
import { hexOfId, idOfHex } from "../format/ids.ts";
import type { LocationSet } from "../index/blob-index.ts";
import type { Session } from "../repository/session.ts";
import type { HeldSnapshot } from "../repository/snapshots.ts";
import type { OnProgress } from "../work-progress.ts";

/** By the first number of each blob. */
export type NeededBlobs = Uint32Array;

/** @throws Damage (N2) */
export async function findNeeded(
  { signal, vault }: Session,
  snapshots: readonly HeldSnapshot[],
  onProgress?: OnProgress,
): Promise<NeededBlobs> {
  const { index, trees } = vault;
  const needed = new Uint32Array(index.size);
  const mark = (hex: string, kind: BlobKind, places: LocationSet): number | undefined => {
    const [number] = index.numbersOf(idOfHex(hex), kind);
    if (number === undefined) throw new Damage(`no index names the ${kind} blob ${hex}`);
    const before = needed[number] ?? 0;
    if ((before & places) === places) return undefined;
    needed[number] = before | places;
    return number;
  };
  for (const [count, { locations, tree }] of snapshots.entries()) {
    const come = { count, expectedCount: snapshots.length };
    onProgress?.({ step: "following", unit: "snapshot", ...come });
    const root = mark(tree, "tree", locations);
    const waiting = root === undefined ? [] : [root];
    for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) {
      const { nodes } = await trees.read(hexOfId(index.blobAt(number).id), signal);
      for (const node of nodes) {
        if (node.kind === "file") for (const id of node.content) mark(id, "data", locations);
        const below = node.kind === "dir" ? mark(node.subtree, "tree", locations) : undefined;
        if (below !== undefined) waiting.push(below);
      }
    }
  }
  return needed;
}

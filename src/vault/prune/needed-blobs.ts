/**
 * Which blobs are needed, and where: a word for each blob of the index, whose bits are the places
 * with a snapshot that leads to it. Four bytes a blob, however many snapshots there are.
 *
 * N1. A tree is read once for each set of places, not once for each snapshot.
 * N2. A folder that nobody gives is damage, and ends it: what lies below might be any blob, and who
 *     would go on would take what cannot be found for what is not needed.
 * N3. A content that no index names is lost, or lies in a pack that no index names: it is told, so
 *     that such packs are left alone.
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

export interface Needs {
  readonly needed: NeededBlobs;
  /** Of contents (N3). */
  readonly lost: ReadonlySet<string>;
}

/** @throws Damage (N2) */
export async function findNeeded(
  { signal, vault }: Session,
  snapshots: readonly HeldSnapshot[],
  onProgress?: OnProgress,
): Promise<Needs> {
  const { index, trees } = vault;
  const needed = new Uint32Array(index.size);
  const lost = new Set<string>();
  const mark = (hex: string, kind: BlobKind, places: LocationSet): number | undefined => {
    const [number] = index.numbersOf(idOfHex(hex), kind);
    if (number === undefined && kind === "data") {
      lost.add(hex);
      return undefined;
    }
    if (number === undefined) throw new Damage(`no index names the ${kind} blob ${hex}`);
    const before = needed[number] ?? 0;
    if ((before & places) === places) return undefined;
    needed[number] = before | places;
    return number;
  };
  const follow = async ({ locations, tree }: HeldSnapshot): Promise<void> => {
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
  };
  for (const [count, snapshot] of snapshots.entries()) {
    onProgress?.({
      step: "following",
      unit: "snapshot",
      count,
      expectedCount: snapshots.length,
    });
    try {
      await follow(snapshot);
    } catch (error) {
      if (!(error instanceof Damage)) throw error;
      throw new Damage(`what the snapshot ${snapshot.id} needs cannot be told: ${error.message}`);
    }
  }
  return { needed, lost };
}

/**
 * Snapshots that cannot be restored whole any more, not from all places together: those that nobody
 * can read, and those of which a folder or a content is lost everywhere.
 */
import { Reach } from "../check/reach.ts";
import { idOfHex } from "../format/ids.ts";
import type { Session } from "../repository/session.ts";
import { gatherSnapshots, type HeldSnapshot } from "../repository/snapshots.ts";

export interface DamagedSnapshot {
  readonly id: string;
  /** `contents`: all its folders are known, so what else it needs is known as well. */
  readonly lacks: "itself" | "folders" | "contents";
}

export async function damagedSnapshots(session: Session): Promise<readonly DamagedSnapshot[]> {
  const { snapshots, unreadable } = await gatherSnapshots(session);
  const unread = unreadable.map((id): DamagedSnapshot => ({ id, lacks: "itself" }));
  return [...unread, ...(await incompleteAmong(session, snapshots))];
}

export async function incompleteAmong(
  { signal, vault }: Session,
  snapshots: readonly HeldSnapshot[],
): Promise<readonly DamagedSnapshot[]> {
  const { index, reader } = vault;
  const incomplete: DamagedSnapshot[] = [];
  // What lacks a folder says so again in a walk that is about folders alone.
  const walk = (isFoldersOnly: boolean): Reach =>
    new Reach({
      index,
      reader,
      signal,
      // What another place holds can be had from there.
      onLack: ({ id, isUnreadable, kind, locations }) => {
        const isLost = isUnreadable || index.locationsOf(idOfHex(id), kind) === 0;
        return isLost && !(isFoldersOnly && kind === "data") ? locations : 0;
      },
    });
  const [all, folders] = [walk(false), walk(true)];
  for (const { id, locations, tree } of snapshots) {
    if ((await all.visit(tree, locations)) === 0) continue;
    const lacksFolders = (await folders.visit(tree, locations)) !== 0;
    incomplete.push({ id, lacks: lacksFolders ? "folders" : "contents" });
  }
  return incomplete;
}

/**
 * One backup: the tree as it is becomes a snapshot at every place that takes part.
 *
 * B1. Pack, index, snapshot, in this order, at each place: see `Uploads`.
 * B2. A backup succeeds where the snapshot was written. `places` says so of each place, and why
 *     not.
 * B3. What is kept without a look is kept only while each place that takes part holds the parent:
 *     one that was away, or where somebody forgot it, may lack what the parent refers to.
 * B4. Who asks for it gets no new snapshot of a tree that is the parent's, where each place holds
 *     the parent.
 */

import type { StoredSnapshot } from "../format/snapshot-json.ts";
import type { RawPath } from "../raw-path.ts";
import { textOfRawPath } from "../raw-path.ts";
import { BlobWriter } from "../repository/blob-writer.ts";
import { Packer } from "../repository/packer.ts";
import { atEach, type Place } from "../repository/place.ts";
import type { Session } from "../repository/session.ts";
import { writeSnapshot } from "../repository/snapshots.ts";
import { Uploads } from "../repository/uploads.ts";
import type { ReadAttributes, TreeSource } from "../tree-source.ts";
import type { ContentThreads } from "./content.ts";
import { NodeMaker } from "./node-maker.ts";
import { everything, type Scope } from "./scope.ts";
import { waysTo } from "./sources.ts";
import { emptyTally, type Tally } from "./tally.ts";
import { TreeWalk } from "./tree-walk.ts";

export interface BackupOptions {
  /** Absolute paths, resolved. */
  readonly sources: readonly RawPath[];
  readonly source: TreeSource;
  readonly threads: ContentThreads;
  readonly readAttributes: ReadAttributes;
  readonly isExcluded: (path: RawPath, isFolder: boolean) => boolean;
  /** As the owner wrote them. */
  readonly excludes: readonly string[];
  readonly tags: readonly string[];
  readonly scope: Scope;
  /** What to compare with; the newest snapshot of the same paths. */
  readonly parent: StoredSnapshot | undefined;
  readonly programVersion: string;
  /** B4; default false. */
  readonly skipsUnchanged?: boolean;
  readonly onProgress?: (tally: Tally) => void;
}

export interface PlaceOutcome {
  readonly location: string;
  /** Whether the whole snapshot is there. */
  readonly holds: boolean;
  /** Why it is not; empty when it is. */
  readonly reason: string;
}

export interface BackupOutcome {
  readonly snapshot: StoredSnapshot;
  /** False: nothing changed, and `snapshot` is the parent (B4). */
  readonly isWritten: boolean;
  readonly tally: Tally;
  /** New blobs, and what they take in one place. */
  readonly addedBlobs: number;
  readonly addedBytes: number;
  readonly places: readonly PlaceOutcome[];
}

export async function backUp(session: Session, options: BackupOptions): Promise<BackupOutcome> {
  const { signal, vault } = session;
  const { codec, index, loader, places, surroundings, trees } = vault;
  const timeNs = BigInt(Math.round(surroundings.clock.now().wallMs)) * 1_000_000n;
  const uploads = new Uploads({ places, index, loader, codec, signal });
  const packer = new Packer({ codec, randomBytes: surroundings.randomBytes });
  const writer = new BlobWriter({ index, packer, uploads, codec, places });
  const tally = emptyTally();
  const { isExcluded, onProgress, parent, readAttributes, source, threads } = options;
  const isParentHeld = await isHeldEverywhere(session, parent);
  const scope = isParentHeld ? options.scope : everything;
  const nodes = new NodeMaker({
    threads,
    writer,
    readAttributes,
    tally,
    signal,
    seesAll: scope === everything,
    parentNs: parent?.timeNs,
    nowNs: timeNs,
  });
  const walk = new TreeWalk({
    source,
    nodes,
    writer,
    trees,
    codec,
    scope,
    isExcluded,
    tally,
    signal,
    onProgress: () => onProgress?.(tally),
  });
  const tree = await walk.run(waysTo(options.sources), parent?.tree);
  await writer.flush();
  const isSame = parent !== undefined && isParentHeld && parent.tree === tree;
  const isWritten = !(isSame && options.skipsUnchanged === true);
  return {
    snapshot: isWritten ? await writeOf(session, options, { timeNs, tree }) : parent,
    isWritten,
    tally,
    addedBlobs: writer.addedBlobs,
    addedBytes: writer.addedBytes,
    places: places.map(({ name, takesPart, trouble }) => ({
      location: name,
      holds: takesPart,
      reason: trouble?.message ?? "",
    })),
  };
}

async function writeOf(
  session: Session,
  { excludes, parent, programVersion, sources, tags }: BackupOptions,
  made: Pick<StoredSnapshot, "timeNs" | "tree">,
): Promise<StoredSnapshot> {
  const { gid, hostname, uid, username } = session.vault.surroundings.worker;
  const snapshot = {
    ...made,
    hostname,
    username,
    uid,
    gid,
    original: "",
    parent: parent?.id ?? "",
    paths: sources.map(textOfRawPath),
    excludes,
    tags,
    programVersion,
  };
  return { ...snapshot, id: await writeSnapshot(session, snapshot) };
}

async function isHeldEverywhere(
  { signal, vault }: Session,
  parent: StoredSnapshot | undefined,
): Promise<boolean> {
  if (parent === undefined) return true;
  let isHeld = true;
  const look = async ({ location }: Place): Promise<void> => {
    const size = await location.stat({ kind: "snapshot", id: parent.id }, signal);
    if (size === undefined) isHeld = false;
  };
  await atEach(vault.places, look, signal);
  return isHeld;
}

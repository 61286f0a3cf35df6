/**
 * Databases that have a dump instead of a place in the snapshots: no comparison of snapshots tells
 * that one is gone, so they are looked at behind every run.
 *
 * B1. One that vanished or was emptied is a loss as that of any other file, and what is expected is
 *     its last good dump. It is judged by the same rules, and put back or asked about.
 * B2. What no category protects, or its owner left out, is nobody's loss.
 */
import { join } from "node:path";
import {
  type FileNode,
  isInside,
  type RawPath,
  rawPathOfText,
  type StoredSnapshot,
} from "../../vault/index.ts";
import { dumpFile, dumpFolder } from "../dumps/dump-files.ts";
import { type DumpNote, readDumpNotes } from "../dumps/dump-notes.ts";
import { databasePath } from "../dumps/take-dumps.ts";
import type { AgentWorld } from "./agent-world.ts";
import { isLostNow, type Losses } from "./losses.ts";
import { nodeAt, type TreeLooks } from "./snapshot-trees.ts";

export interface LookForDatabases {
  readonly world: AgentWorld;
  readonly losses: Losses;
  /** Of this run: it holds the dumps. */
  readonly snapshot: StoredSnapshot;
  /** Of the run before: it holds the folders in which they lay. */
  readonly before: Losses["judged"];
}

export async function findLostDatabases(look: LookForDatabases, looks: TreeLooks): Promise<void> {
  const { before, losses, snapshot, world } = look;
  const databases = Object.entries(world.dumps).flatMap(([name, dump]) => {
    const path = databasePath(dump);
    if (path === undefined) return [];
    const held = join(dumpFolder(world.vaultFolder), dumpFile(name, dump));
    return [{ name, path: rawPathOfText(path), held: rawPathOfText(held) }];
  });
  if (databases.length === 0) return;
  const notes = await readDumpNotes(world.vaultFolder);
  for (const { held, name, path } of databases) {
    if (!isCaredFor(path, world)) continue;
    const dump = await nodeAt(snapshot.tree, held, looks);
    const note = notes.find((each) => each.name === name);
    if (dump?.kind !== "file") continue;
    const expected = expectedOf(dump, path, note);
    if (!isLostNow(path, expected)) {
      losses.sawDatabase(path);
      continue;
    }
    const isHeldBefore = before && (await nodeAt(before.tree, held, looks)) !== undefined;
    losses.addDatabase({
      path,
      expected,
      tree: before?.tree ?? snapshot.tree,
      snapshot: isHeldBefore ? before.id : snapshot.id,
      foundMs: world.vault.surroundings.clock.now().wallMs,
      isRot: false,
      mount: losses.mounts.before(path),
      dumpedMs: note?.takenMs ?? Number(dump.mtimeNs / 1_000_000n),
    });
  }
}

/** The dump, under the name of its database and with the number of its inode. */
function expectedOf(dump: FileNode, path: RawPath, note: DumpNote | undefined): FileNode {
  const name = path.slice(path.lastIndexOf("/") + 1) as RawPath;
  return { ...dump, name, inode: BigInt(note?.inode ?? 0) };
}

/** B2 */
function isCaredFor(path: RawPath, { isExcluded, policyAt, sources }: AgentWorld): boolean {
  if (policyAt(path) === "leave") return false;
  return sources.some((source) => isInside(path, source)) && !isExcluded(path, false);
}

/**
 * What a restore does with the dumps of a snapshot: a dump of a database file is that database, and
 * goes where it was. Any other is loaded by a program; it is told where it lies.
 *
 * 1. A log or journal that lies there already belongs to another state of the database, and would
 *    be taken for one of this: nothing is put beside it.
 * 2. What is younger stays, as of any file; the log counts.
 */
import { statSync } from "node:fs";
import { basename, join } from "node:path";
import type { DumpSpec } from "../../config/index.ts";
import {
  Damage,
  type FileNode,
  type FolderNode,
  type HeldSnapshot,
  type Parts,
  type PlacedFile,
  type RawPath,
  rawPathOfText,
  type Session,
  type TreeNode,
  textOfRawPath,
} from "../../vault/index.ts";
import { dumpFile } from "./dump-files.ts";
import { databasePath } from "./take-dumps.ts";

export interface RestoredDump {
  readonly name: string;
  readonly kind: DumpSpec["kind"];
  /** Where its dump lies in the snapshot. */
  readonly dump: string;
  /** Of a database file: where it was. */
  readonly database?: string;
  /**
   * `placed`: the restore puts it where it was. `kept`: what is there stays. `refused`: it cannot
   * be put there. `apart`: the dump is restored where it lies, for a program to load. `absent`: the
   * snapshot has no dump of it.
   */
  readonly outcome: "placed" | "kept" | "refused" | "apart" | "absent";
  /** Why it is refused; empty: it is not. */
  readonly reason: string;
}

export interface DumpsOfRestore {
  readonly placed: readonly PlacedFile[];
  readonly told: readonly RestoredDump[];
}

export interface RestoringDumps {
  readonly dumps: Readonly<Record<string, DumpSpec>>;
  readonly snapshot: Pick<HeldSnapshot, "paths" | "tree">;
  readonly parts: Parts;
  /** See `vaultFolder`. */
  readonly folder: string;
  /** Absolute. */
  readonly target: string;
  readonly overwrite: "never" | "not-newer" | "always";
}

export async function dumpedDatabases(
  session: Session,
  restoring: RestoringDumps,
): Promise<DumpsOfRestore> {
  const { dumps, folder, parts, snapshot } = restoring;
  const [placed, told]: [PlacedFile[], RestoredDump[]] = [[], []];
  // One that was made elsewhere has the folder of that machine.
  const ending = `/vault/${basename(folder)}/dumps`;
  const held = snapshot.paths.find((path) => path.endsWith(ending)) ?? join(folder, "dumps");
  for (const [name, dump] of Object.entries(dumps)) {
    const { kind } = dump;
    const path = join(held, dumpFile(name, dump));
    const common = { name, kind, dump: path };
    const database = databasePath(dump);
    if (database === undefined) {
      if (parts.holds(rawPathOfText(path))) told.push({ ...common, outcome: "apart", reason: "" });
      continue;
    }
    const wanted = rawPathOfText(database);
    if (!parts.holds(wanted) || (await wayTo(session, snapshot.tree, wanted)).node) continue;
    const found = await placeOf(session, restoring, { wanted, path: rawPathOfText(path) });
    const { file, outcome, reason = "" } = found;
    if (file !== undefined) placed.push(file);
    told.push({ ...common, database, outcome, reason });
  }
  return { placed, told };
}

interface Place {
  readonly outcome: RestoredDump["outcome"];
  readonly file?: PlacedFile;
  readonly reason?: string;
}

async function placeOf(
  session: Session,
  { overwrite, snapshot, target }: RestoringDumps,
  { path, wanted }: { readonly wanted: RawPath; readonly path: RawPath },
): Promise<Place> {
  const { node } = await wayTo(session, snapshot.tree, path);
  if (node?.kind !== "file") return { outcome: "absent" };
  const { above } = await wayTo(session, snapshot.tree, wanted);
  if (above === undefined) return { outcome: "apart" };
  const there = join(target, textOfRawPath(wanted));
  if (stays(there, node, overwrite)) return { outcome: "kept" };
  const log = logsOf(there).find((each) => sizeOf(each) > 0);
  if (log !== undefined) {
    const what = `${log} is there, and belongs to another state of the database`;
    const reason = `${what}: stop what uses it, move that file away, and restore again`;
    return { outcome: "refused", reason };
  }
  const name = wanted.slice(wanted.lastIndexOf("/") + 1) as RawPath;
  const file = { path: wanted, above, node: { ...node, name, links: 1 } };
  return { outcome: "placed", file };
}

/** 2 */
function stays(
  path: string,
  { mtimeNs }: FileNode,
  overwrite: RestoringDumps["overwrite"],
): boolean {
  const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  if (written === undefined || overwrite === "always") return false;
  if (overwrite === "never") return true;
  const logged = logsOf(path).map((log) => statSync(log, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return logged.length > 0 && Math.max(written, ...logged) > Number(mtimeNs / 1_000_000n) + 1;
}

function logsOf(path: string): readonly string[] {
  return ["-wal", "-journal"].map((ending) => path + ending);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** The restore itself says what is damaged. */
function ofDamage(error: unknown): undefined {
  if (!(error instanceof Damage)) throw error;
}

interface Way {
  readonly node: TreeNode | undefined;
  /** Undefined: the snapshot does not have all of them. */
  readonly above: readonly FolderNode[] | undefined;
}

async function wayTo({ signal, vault }: Session, root: string, path: RawPath): Promise<Way> {
  const names = path.split("/").filter((name) => name !== "");
  const above: FolderNode[] = [];
  let at = root;
  for (const [index, name] of names.entries()) {
    const tree = await vault.trees.read(at, signal).catch(ofDamage);
    const node = tree?.nodes.find((each) => each.name === name);
    if (index === names.length - 1) return { node, above };
    if (node?.kind !== "dir") break;
    above.push(node);
    at = node.subtree;
  }
  return { node: undefined, above: undefined };
}

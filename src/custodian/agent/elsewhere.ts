/**
 * Where something is that is gone from its place: its inode is looked for where people and programs
 * move things to. One is made for each look at a wave of losses, so that a folder is listed once.
 *
 * V1. Only the cheap ways: what arrived in the sources of late, the folders above and beside them,
 *     the home, the folders for what is temporary, and the trash. What is found nowhere may be
 *     gone.
 * V2. What lay in a folder that was moved is found by its place in it.
 */
import { existsSync, lstatSync, readdirSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  type ElsewhereFacts,
  isInside,
  type RawPath,
  rawPathOfText,
  systemPath,
  type TreeNode,
  textOfRawPath,
} from "../../vault/index.ts";
import type { AgentWorld } from "./agent-world.ts";
import type { Loss, Losses } from "./losses.ts";
import { nodeAt } from "./snapshot-trees.ts";

export interface ElsewhereOptions {
  readonly world: AgentWorld;
  readonly losses: Losses;
  readonly signal: AbortSignal;
}

/** Of larger folders nothing is looked at. */
const namesMax = 5000;

export class Elsewhere {
  readonly #options: ElsewhereOptions;
  /** Paths by the inode, of each folder that was listed. */
  readonly #listed = new Map<string, ReadonlyMap<bigint, RawPath>>();

  constructor(options: ElsewhereOptions) {
    this.#options = options;
  }

  async of(loss: Loss): Promise<ElsewhereFacts | undefined> {
    const { losses, signal, world } = this.#options;
    const { expected, path, tree } = loss;
    const source = world.sources.find((each) => isInside(path, each));
    if (source === undefined) return undefined;
    const direct = this.#found(losses.arrivalOf(expected.inode)?.path, loss);
    if (direct !== undefined) return direct;
    const top = topmostGone(path, source);
    const looks = { trees: world.vault.trees, signal };
    const moved = top === path ? expected : await nodeAt(tree, top, looks);
    if (moved === undefined) return undefined;
    for (const place of this.#placesOf(moved, top, source)) {
      const found = this.#found(`${place}${path.slice(top.length)}` as RawPath, loss);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  *#placesOf({ inode }: TreeNode, path: RawPath, source: RawPath): Generator<RawPath> {
    const arrival = this.#options.losses.arrivalOf(inode);
    if (arrival !== undefined && arrival.path !== path) yield arrival.path;
    for (const folder of foldersFor(textOfRawPath(source))) {
      const found = this.#inodesIn(folder, source).get(inode);
      if (found !== undefined && found !== path) yield found;
    }
  }

  #found(at: RawPath | undefined, { expected, path }: Loss): ElsewhereFacts | undefined {
    if (at === undefined || at === path) return undefined;
    const { source, sources } = this.#options.world;
    try {
      const entry = source.look(at);
      if (entry?.inode !== expected.inode || entry.kind !== expected.kind) return undefined;
      const { birthtimeNs } = lstatSync(systemPath(at), { bigint: true });
      const birthNs = birthtimeNs === 0n ? undefined : birthtimeNs;
      const isInSource = sources.some((each) => isInside(at, each));
      return { path: at, isInSource, wasThere: false, entry, birthNs };
    } catch {
      // Gone again.
      return undefined;
    }
  }

  #inodesIn(folder: string, source: RawPath): ReadonlyMap<bigint, RawPath> {
    const known = this.#listed.get(folder);
    if (known !== undefined) return known;
    const found = new Map<bigint, RawPath>();
    this.#listed.set(folder, found);
    try {
      // Inodes of other devices say nothing.
      if (lstatSync(folder).dev !== lstatSync(systemPath(source)).dev) return found;
      const names = readdirSync(folder, "latin1");
      if (names.length > namesMax) return found;
      const raw = rawPathOfText(folder);
      for (const name of names) {
        const path = `${raw === "/" ? "" : raw}/${name}` as RawPath;
        const stats = lstatSync(systemPath(path), { bigint: true, throwIfNoEntry: false });
        if (stats !== undefined) found.set(stats.ino, path);
      }
    } catch {
      // It cannot be looked into.
    }
    return found;
  }
}

/** The highest folder on the way to a path that is not there any more, or the path itself. */
function topmostGone(path: RawPath, source: RawPath): RawPath {
  let top = path;
  for (let at = path; at.length > source.length; at = dirname(at) as RawPath) {
    if (!existsSync(systemPath(at))) top = at;
  }
  return top;
}

function foldersFor(source: string): ReadonlySet<string> {
  const folders = new Set<string>();
  for (let at = dirname(source); ; at = dirname(at)) {
    folders.add(at);
    if (at === dirname(at)) break;
  }
  const home = homedir();
  for (const folder of [home, tmpdir(), "/tmp", "/var/tmp"]) folders.add(folder);
  for (const name of ["Desktop", "Documents", "Downloads", ".local/share/Trash/files"]) {
    folders.add(join(home, name));
  }
  return folders;
}

/** The vault, as somebody who looks through it sees it. */
import { setImmediate as turn } from "node:timers/promises";
import type { VaultSpec } from "../../../config/index.ts";
import {
  categoriesIn,
  marksIn,
  type OpenedVault,
  pairOf,
  type Reading,
  type Restored,
  readVault,
  restoreVault,
  shownOf,
} from "../../../custodian/index.ts";
import { SoulMirrorError } from "../../../kernel/index.ts";
import { realMonotonicMs, realTimers } from "../../../system/index.ts";
import {
  chooseParts,
  compareSnapshots,
  type Difference,
  type FileNode,
  type FolderSum,
  type HeldSnapshot,
  isInside,
  type ListedPath,
  listPaths,
  nodeAt,
  type OnProgress,
  type RawPath,
  rawPathOfText,
  readContent,
  type Session,
  type SnapshotMarks,
  type Tree,
  TreeSums,
  textOfRawPath,
  type Version,
  versionsOf,
} from "../../../vault/index.ts";
import { Lease } from "./lease.ts";

/** A snapshot with what is known of it here. */
export interface SeenSnapshot {
  readonly held: HeldSnapshot;
  readonly marks: SnapshotMarks;
  /** Names of those that hold it. */
  readonly locations: readonly string[];
}

export interface FoundFolder {
  readonly path: RawPath;
  readonly nodes: Tree["nodes"];
  /** What was asked for, when it is no folder. */
  readonly name?: RawPath;
}

export type Overwrite = "never" | "not-newer" | "always";

export interface RestoreWish {
  readonly snapshot: HeldSnapshot;
  /** None: all of it. */
  readonly paths: readonly RawPath[];
  readonly target: string;
  readonly overwrite: Overwrite;
}

export interface WindowOptions {
  readonly spec: VaultSpec;
  readonly opened: Pick<OpenedVault, "keys" | "vault">;
  /** See `vaultFolder`. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** Longer than that nobody who presses a key waits for work that is done beside. */
const atOnceMs = 15;

export class VaultWindow implements AsyncDisposable {
  readonly spec: VaultSpec;
  readonly #options: WindowOptions;
  readonly #lease: Lease;
  /** By the paths of a snapshot, to which categories are relative. */
  readonly #sums = new Map<string, TreeSums>();
  #restedMs = realMonotonicMs();

  constructor(options: WindowOptions) {
    const { folder, opened, signal, spec } = options;
    this.spec = spec;
    this.#options = options;
    this.#lease = new Lease({
      hold: (work) => readVault({ vault: opened.vault, folder, signal }, work),
      timers: realTimers,
    });
  }

  /** Newest first. */
  async snapshots(): Promise<readonly SeenSnapshot[]> {
    const { folder, opened } = this.#options;
    return await this.#lease.use(async ({ snapshots }) => {
      const marksOf = await marksIn(opened.vault, folder);
      return snapshots.toReversed().map((held) => {
        const { locations } = shownOf(opened.vault, held);
        return { held, marks: marksOf(held.id), locations };
      });
    });
  }

  /**
   * A folder, or the one that a name lies in that is no folder.
   *
   * @throws Damage when no location gives it whole
   * @throws SoulMirrorError NOT_FOUND
   */
  async folderAt({ tree }: HeldSnapshot, path: RawPath): Promise<FoundFolder> {
    return await this.#lease.use(async ({ session }) => {
      const read = async (id: string): Promise<Tree["nodes"]> =>
        (await session.vault.trees.read(id, session.signal)).nodes;
      if (path === "/") return { path, nodes: await read(tree) };
      const node = await nodeAt(session, tree, path);
      if (node?.kind === "dir") return { path, nodes: await read(node.subtree) };
      const above = path.slice(0, Math.max(1, path.lastIndexOf("/"))) as RawPath;
      const folder = above === "/" ? undefined : await nodeAt(session, tree, above);
      if (node === undefined || (above !== "/" && folder?.kind !== "dir")) {
        throw new SoulMirrorError("NOT_FOUND", `the snapshot has no ${textOfRawPath(path)}`);
      }
      const id = folder?.kind === "dir" ? folder.subtree : tree;
      return { path: above, nodes: await read(id), name: node.name };
    });
  }

  categoriesOf({ paths }: HeldSnapshot): (path: RawPath) => readonly string[] {
    return categoriesIn(this.spec, paths.map(rawPathOfText));
  }

  knownSum(snapshot: HeldSnapshot, path: RawPath, tree: string): FolderSum | undefined {
    return this.#sumsOf(snapshot).known(path, tree);
  }

  async sum(
    snapshot: HeldSnapshot,
    folder: { readonly path: RawPath; readonly tree: string },
    signal: AbortSignal,
  ): Promise<FolderSum> {
    return await this.#lease.use(({ session }) =>
      this.#sumsOf(snapshot).of(until(session, signal), folder.path, folder.tree),
    );
  }

  /** All that is in a folder of the snapshot and below it. */
  below(snapshot: HeldSnapshot, folder: RawPath, signal: AbortSignal): AsyncGenerator<ListedPath> {
    const parts = {
      holds: (path: RawPath) => path !== folder && isInside(path, folder),
      mayHold: (path: RawPath) => isInside(path, folder) || isInside(folder, path),
    };
    return this.#listed(signal, ({ session }) =>
      listPaths(session, { tree: snapshot.tree, parts }),
    );
  }

  /** To the snapshot before it. */
  differences(snapshot: HeldSnapshot, signal: AbortSignal): AsyncGenerator<Difference> {
    return this.#listed(signal, ({ session, snapshots }) => {
      const [before, after] = pairOf(snapshots, { from: undefined, to: snapshot.id });
      return compareSnapshots(session, [before, after]);
    });
  }

  versions(
    { hostname }: HeldSnapshot,
    path: RawPath,
    signal: AbortSignal,
  ): AsyncGenerator<Version> {
    return this.#listed(signal, ({ session, snapshots }) =>
      versionsOf(session, snapshots, { path, hostname }),
    );
  }

  /** @throws Damage */
  async content(node: FileNode, bytesMax: number): Promise<Uint8Array> {
    return await this.#lease.use(({ session }) => readContent(session, node, bytesMax));
  }

  async restore(
    { overwrite, paths, snapshot, target }: RestoreWish,
    hooks: {
      readonly signal: AbortSignal;
      readonly onProgress: OnProgress;
      readonly onNotice: (text: string) => void;
      readonly onFailure: (path: RawPath, reason: string) => void;
    },
  ): Promise<Restored> {
    const { folder, opened, spec } = this.#options;
    const parts = chooseParts({ sources: snapshot.paths, paths });
    if (!parts.ok) throw new SoulMirrorError("BAD_REQUEST", parts.error);
    const { signal, ...told } = hooks;
    return await this.#lease.use(({ session }) =>
      restoreVault(until(session, signal), {
        opened,
        snapshot,
        parts: parts.value,
        folder,
        target,
        overwrite,
        threads: spec.limits.threads,
        dumps: spec.dumps,
        isEstimated: true,
        ...told,
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lease[Symbol.asyncDispose]();
  }

  /** One after another; keys are heard in between. */
  async *#listed<T>(
    signal: AbortSignal,
    list: (reading: Reading) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    const ended = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<Reading>();
    const held = this.#lease.use(async (reading) => {
      begun.resolve(reading);
      await ended.promise;
    });
    held.catch(begun.reject);
    try {
      const { session, snapshots } = await begun.promise;
      for await (const each of list({ session: until(session, signal), snapshots })) {
        yield each;
        await this.#breathe();
      }
    } finally {
      ended.resolve();
    }
  }

  #sumsOf({ paths }: HeldSnapshot): TreeSums {
    const key = JSON.stringify(paths);
    const known = this.#sums.get(key);
    if (known !== undefined) return known;
    const categoriesOf = categoriesIn(this.spec, paths.map(rawPathOfText));
    const sums = new TreeSums({ categoriesOf, breathe: () => this.#breathe() });
    this.#sums.set(key, sums);
    return sums;
  }

  async #breathe(): Promise<void> {
    if (realMonotonicMs() - this.#restedMs < atOnceMs) return;
    await turn();
    this.#restedMs = realMonotonicMs();
  }
}

/** Ends with the lock, or when nobody wants it any more. */
function until(session: Session, signal: AbortSignal): Session {
  return { ...session, signal: AbortSignal.any([session.signal, signal]) };
}

export function nameOf(path: RawPath): RawPath {
  return path.slice(path.lastIndexOf("/") + 1) as RawPath;
}

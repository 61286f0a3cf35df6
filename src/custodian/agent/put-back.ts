/**
 * Restores single paths from the vault into the tree that it protects, by the primitives of
 * `platform/tree`: whole or not at all, folders above made as the snapshot has them.
 *
 * B1. A place that is missing or damaged is passed over, as always when blobs are read.
 * B2. Only what is to be replaced is replaced: a name that is there meanwhile stays.
 */
import { mkdirSync } from "node:fs";
import { messageOf } from "../../kernel/index.ts";
import {
  createRestoreFinisher,
  type LeftToFinish,
  type Overwrite,
  type RestoreOutcome,
  Restorer,
} from "../../platform/tree/index.ts";
import { idOfHex, isInside, type RawPath, systemPath, type TreeNode } from "../../vault/index.ts";
import type { AgentWorld } from "./agent-world.ts";
import type { Loss } from "./losses.ts";
import { nodeAt } from "./snapshot-trees.ts";

export interface PutBackOptions {
  readonly losses: readonly Loss[];
  /** Of those, what may be replaced. */
  readonly replaceable: ReadonlySet<RawPath>;
  readonly signal: AbortSignal;
}

/** What was not restored, with the reason. */
export async function putBack(
  world: AgentWorld,
  { losses, replaceable, signal }: PutBackOptions,
): Promise<ReadonlyMap<RawPath, string>> {
  const failures = new Map<RawPath, string>();
  for (const root of world.sources) {
    const here = losses
      .filter(({ path }) => isInside(path, root))
      .toSorted((a, b) => (a.path < b.path ? -1 : 1));
    if (here.length === 0) continue;
    try {
      await restoreInto(root, { world, losses: here, replaceable, signal, failures });
    } catch (error) {
      for (const { path } of here) failures.set(path, messageOf(error));
    }
  }
  return failures;
}

interface Work extends PutBackOptions {
  readonly world: AgentWorld;
  readonly failures: Map<RawPath, string>;
}

async function restoreInto(root: RawPath, work: Work): Promise<void> {
  const { failures, losses, replaceable } = work;
  mkdirSync(systemPath(root), { recursive: true });
  const warn = (): void => {};
  const options = { root, tag: `heal-${process.pid}`, isDurable: true, warn };
  using fresh = new Restorer({ ...options, overwrite: "never" satisfies Overwrite });
  using over = new Restorer({ ...options, tag: `${options.tag}-o`, overwrite: "always" });
  using finisher = createRestoreFinisher({ root, warn });
  const made = new Set<RawPath>([root]);
  for (const loss of losses) {
    await makeAbove(loss, {
      root,
      work,
      made,
      fresh,
      take: (left) => finisher.takeFolders([left]),
    });
    const restorer = replaceable.has(loss.path) ? over : fresh;
    const outcome = await restoreOne(loss, { root, work, restorer });
    if (outcome.kind === "failed") failures.set(loss.path, outcome.reason);
    else if (outcome.kind === "kept" && loss.expected.kind !== "dir") {
      failures.set(loss.path, "something is there meanwhile");
    } else if (outcome.kind === "done" && outcome.left !== undefined) {
      if (loss.expected.kind === "dir") finisher.takeFolders([outcome.left]);
      else
        for (const failure of await finisher.takeFiles([outcome.left]))
          tell(failure, root, failures);
    }
    made.add(loss.path);
  }
  for (const failure of await finisher.end()) tell(failure, root, failures);
}

function tell(
  { path, reason }: { readonly path: RawPath; readonly reason: string },
  root: RawPath,
  failures: Map<RawPath, string>,
): void {
  failures.set(`${root}/${path}` as RawPath, reason);
}

interface Above {
  readonly root: RawPath;
  readonly work: Work;
  readonly made: Set<RawPath>;
  readonly fresh: Restorer;
  readonly take: (left: LeftToFinish) => void;
}

/** The folders on the way, those that are there left as they are. */
async function makeAbove(loss: Loss, { fresh, made, root, take, work }: Above): Promise<void> {
  const { signal, world } = work;
  const looks = { trees: world.vault.trees, signal };
  const ends: number[] = [];
  for (let end = loss.path.lastIndexOf("/"); end > root.length; ) {
    ends.unshift(end);
    end = loss.path.lastIndexOf("/", end - 1);
  }
  for (const end of ends) {
    const folder = loss.path.slice(0, end) as RawPath;
    if (made.has(folder)) continue;
    const node = await nodeAt(loss.tree, folder, looks);
    if (node?.kind !== "dir") throw new Error(`the snapshot has no folder ${folder}`);
    const outcome = fresh.folder(folder.slice(root.length + 1) as RawPath, node);
    if (outcome.kind === "failed") throw new Error(outcome.reason);
    if (outcome.kind === "done" && outcome.left !== undefined) take(outcome.left);
    made.add(folder);
  }
}

async function restoreOne(
  { expected, path }: Loss,
  { restorer, root, work }: { root: RawPath; work: Work; restorer: Restorer },
): Promise<RestoreOutcome> {
  const within = path.slice(root.length + 1) as RawPath;
  switch (expected.kind) {
    case "dir":
      return restorer.folder(within, expected);
    case "symlink":
      return restorer.link(within, expected);
    case "file":
      return restoreFile(within, expected, { restorer, work });
    default:
      return restorer.special(within, expected);
  }
}

async function restoreFile(
  path: RawPath,
  node: Extract<TreeNode, { kind: "file" }>,
  { restorer, work }: { restorer: Restorer; work: Work },
): Promise<RestoreOutcome> {
  const { signal, world } = work;
  const begun = restorer.file(path, node);
  if (begun.kind !== "begun") return begun;
  using file = begun;
  let offset = 0;
  for (const id of node.content) {
    const bytes = await world.vault.reader.read(idOfHex(id), "data", signal);
    const failure = file.write(offset, bytes);
    if (failure !== undefined) return failure;
    offset += bytes.length;
  }
  return file.finish();
}

/** What is read of a vault: its snapshots, what they hold, and how it is put back. */
import { resolve } from "node:path";
import {
  lastGood,
  type OpenedVault,
  pairOf,
  readVault,
  restoreVault,
  shownOf,
  snapshotOf,
} from "../../custodian/index.ts";
import { SoulMirrorError } from "../../kernel/index.ts";
import {
  chooseParts,
  compareSnapshots,
  type HeldSnapshot,
  listPaths,
  type Parts,
  rawPathOfText,
  textOfRawPath,
} from "../../vault/index.ts";
import { folderOf, readableOf, specsOf } from "./opening.ts";
import type {
  VaultDifference,
  VaultDiffOptions,
  VaultGoodSnapshot,
  VaultListOptions,
  VaultMoment,
  VaultOptions,
  VaultParts,
  VaultPath,
  VaultRestore,
  VaultRestoreOptions,
} from "./shapes.ts";
import { streamed } from "./streamed.ts";

export function goodSnapshot(
  { vault }: OpenedVault,
  options: VaultOptions,
): Promise<VaultGoodSnapshot> {
  return readVault(readableOf(vault, options), async ({ snapshots }) => {
    const { isProven, snapshot } = await lastGood(vault, folderOf(options), snapshots);
    return { ...shownOf(vault, snapshot), isProven };
  });
}

export function pathsOf(
  { vault }: OpenedVault,
  options: VaultOptions,
  wish: VaultListOptions,
): AsyncIterable<VaultPath> {
  return streamed((give) =>
    readVault(readableOf(vault, options), async ({ session, snapshots }) => {
      const snapshot = meant(snapshots, wish);
      const parts = partsOf(snapshot, wish);
      for await (const listed of listPaths(session, { tree: snapshot.tree, parts })) {
        const path = textOfRawPath(listed.path);
        if (listed.kind === "damaged") {
          if (!(await give({ kind: "damaged", path, reason: listed.reason }))) return;
          continue;
        }
        const { node } = listed;
        const isMore = await give({
          kind: node.kind,
          path,
          sizeBytes: node.kind === "file" ? node.sizeBytes : 0,
          mode: node.permissions,
          modifiedAt: new Date(Number(node.mtimeNs / 1_000_000n)).toISOString(),
        });
        if (!isMore) return;
      }
    }),
  );
}

export function differencesOf(
  { vault }: OpenedVault,
  options: VaultOptions,
  wish: VaultDiffOptions,
): AsyncIterable<VaultDifference> {
  return streamed((give) =>
    readVault(readableOf(vault, options), async ({ session, snapshots }) => {
      const [from, to] = pairOf(snapshots, wish);
      for await (const { kind, path } of compareSnapshots(session, [from, to])) {
        if (!(await give({ kind, path: textOfRawPath(path) }))) return;
      }
    }),
  );
}

export function restoreParts(
  opened: OpenedVault,
  options: VaultOptions,
  wish: VaultRestoreOptions,
): Promise<VaultRestore> {
  const { onFailure, overwrite = "not-newer", target } = wish;
  const { isProven = false, isVerified = false, removesOthers = false } = wish;
  const { onNotice } = options;
  return readVault(readableOf(opened.vault, options), async ({ session, snapshots }) => {
    const snapshot = meant(snapshots, wish);
    const {
      databases: _databases,
      target: _target,
      ...restored
    } = await restoreVault(session, {
      opened,
      snapshot,
      parts: partsOf(snapshot, wish),
      folder: folderOf(options),
      target: resolve(target),
      overwrite,
      isProven,
      removesOthersOf: removesOthers
        ? { dumps: {}, exclude: [], locations: specsOf(options), dataFolder: folderOf(options) }
        : undefined,
      reads: isVerified,
      threads: wish.threads,
      ...(onNotice && { onNotice }),
      ...(onFailure && { onFailure: (path, reason) => onFailure(textOfRawPath(path), reason) }),
    });
    return restored;
  });
}

/** The snapshot of a wish. */
export function meant(
  snapshots: readonly HeldSnapshot[],
  { at, snapshot }: VaultMoment,
): HeldSnapshot {
  return snapshotOf(snapshots, {
    ...(snapshot === undefined ? {} : { id: snapshot }),
    ...(at === undefined ? {} : { at }),
  });
}

function partsOf(snapshot: HeldSnapshot, { globs = [], paths = [] }: VaultParts): Parts {
  const parts = chooseParts({ sources: snapshot.paths, paths: paths.map(rawPathOfText), globs });
  if (parts.ok) return parts.value;
  throw new SoulMirrorError("OPTIONS_INVALID", parts.error);
}

/** A tree that is listed and made anew elsewhere, as a backup and a restore do it together. */
import { readFileSync } from "node:fs";
import {
  createAttributeReader,
  createRestoreFinisher,
  createTreeSource,
  type LeftToFinish,
  type RestoreOutcome,
  Restorer,
  type RestorerOptions,
} from "../../src/platform/tree/index.ts";
import {
  joinRaw,
  type RawPath,
  rawPathOfText,
  type SourceEntry,
  systemPath,
} from "../../src/vault/index.ts";

export interface CopyReport {
  readonly warnings: readonly string[];
  readonly problems: readonly unknown[];
}

export type CopyOptions = Partial<RestorerOptions>;

interface Found {
  /** Relative to the root. */
  readonly path: RawPath;
  readonly entry: SourceEntry;
}

/** All below a folder, parents before what they hold, with attributes. */
async function listTree(root: string): Promise<readonly Found[]> {
  const source = createTreeSource();
  const found: Found[] = [];
  const waiting: RawPath[] = ["" as RawPath];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const { entries, failures } = source.list(absolute(root, folder));
    if (failures.length > 0) throw new Error(JSON.stringify(failures));
    for (const entry of entries) {
      const path = folder === "" ? entry.name : joinRaw(folder, entry.name);
      found.push({ path, entry });
      if (entry.kind === "dir") waiting.push(path);
    }
  }
  const warnings: string[] = [];
  const read = createAttributeReader({ warn: (message) => warnings.push(message) });
  const { attributes, failures } = await read(found.map(({ path }) => absolute(root, path)));
  if (failures.length + warnings.length > 0) throw new Error(JSON.stringify([failures, warnings]));
  return found.map(({ path, entry }) => {
    return { path, entry: { ...entry, attributes: attributes.get(absolute(root, path)) ?? [] } };
  });
}

export async function copyTree(
  from: string,
  to: string,
  options: CopyOptions = {},
): Promise<CopyReport> {
  const warnings: string[] = [];
  const problems: unknown[] = [];
  const warn = (message: string): unknown => warnings.push(message);
  const root = rawPathOfText(to);
  using restorer = new Restorer({
    root,
    tag: "test",
    overwrite: "not-newer",
    isDurable: false,
    warn,
    ...options,
  });
  using finisher = createRestoreFinisher({ root, warn });
  const firstNames = new Map<bigint, RawPath>();
  const found = await listTree(from);
  for (const { path, entry } of found) {
    const outcome = await restoreOne(restorer, { path, entry }, { from, firstNames });
    if (outcome.kind !== "done") problems.push({ path, ...outcome });
    else if (entry.kind === "dir") finisher.takeFolders(listOf(outcome.left));
    else problems.push(...(await finisher.takeFiles(listOf(outcome.left))));
  }
  problems.push(...(await finisher.end()));
  return { warnings, problems };
}

function listOf(left: LeftToFinish | undefined): readonly LeftToFinish[] {
  return left === undefined ? [] : [left];
}

interface Copying {
  readonly from: string;
  readonly firstNames: Map<bigint, RawPath>;
}

async function restoreOne(
  restorer: Restorer,
  { path, entry }: Found,
  { from, firstNames }: Copying,
): Promise<RestoreOutcome> {
  if (entry.kind === "dir") return restorer.folder(path, entry);
  const first = entry.links > 1 ? firstNames.get(entry.inode) : undefined;
  if (first !== undefined) return restorer.hardLink(path, entry, first);
  firstNames.set(entry.inode, path);
  if (entry.kind === "symlink") return restorer.link(path, entry);
  if (entry.kind !== "file") return restorer.special(path, entry);
  const begun = restorer.file(path, entry);
  if (begun.kind !== "begun") return begun;
  using file = begun;
  const content = readFileSync(systemPath(absolute(from, path)));
  const middle = Math.floor(content.length / 2);
  return (
    file.write(middle, content.subarray(middle)) ??
    file.write(0, content.subarray(0, middle)) ??
    file.finish()
  );
}

function absolute(root: string, path: RawPath): RawPath {
  return path === "" ? rawPathOfText(root) : joinRaw(rawPathOfText(root), path);
}

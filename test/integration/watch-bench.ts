/** What tests of watches have in common: a tree, what was told of it, and what differs. */
import { lstatSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type TreeWatch,
  type WatchEvent,
  type WatchOptions,
  watchTree,
} from "../../src/platform/watch/index.ts";
import { type RawPath, rawPathOfText, systemPath } from "../../src/vault/index.ts";
import { afterwards } from "../afterwards.ts";
import { until } from "../until.ts";

export interface Watched {
  readonly watch: TreeWatch;
  readonly events: WatchEvent[];
  /** Forgets what was told. */
  clear(): void;
  told(): ReadonlySet<RawPath>;
  kinds(): readonly string[];
}

/** Short delays; nothing is compared by the clock unless a test says so. */
const limits = { debounceMs: 40, maxDelayMs: 300 };

export async function watchFolder(
  root: string,
  options: Partial<Omit<WatchOptions, "hear">> = {},
): Promise<Watched> {
  const events: WatchEvent[] = [];
  const watch = await watchTree({
    roots: [rawPathOfText(root)],
    exclude: [],
    without: [],
    ...options,
    limits: { ...limits, ...options.limits },
    hear: (event) => void events.push(event),
  });
  afterwards(() => watch[Symbol.asyncDispose]());
  return {
    watch,
    events,
    clear: () => void events.splice(0),
    told: () => new Set(events.flatMap((event) => (event.kind === "changed" ? event.folders : []))),
    kinds: () =>
      events.map((event) => ("reason" in event ? `${event.kind} ${event.reason}` : event.kind)),
  };
}

/** Each folder, and what its listing shows: of folders not the times, which are theirs to tell. */
export type Listings = ReadonlyMap<RawPath, string>;

export function listAll(root: string): Listings {
  const listings = new Map<RawPath, string>();
  const stack = [rawPathOfText(root)];
  for (let folder = stack.pop(); folder !== undefined; folder = stack.pop()) {
    const lines: string[] = [];
    for (const name of readdirSync(systemPath(folder), { encoding: "latin1" })) {
      const path = `${folder}/${name}` as RawPath;
      const { ino, mode, size, mtimeMs, ctimeMs } = lstatSync(systemPath(path));
      const isFolder = (mode & 0o170000) === 0o040000;
      lines.push(`${name} ${ino} ${mode} ${isFolder ? "" : `${size} ${mtimeMs} ${ctimeMs}`}`);
      if (isFolder) stack.push(path);
    }
    listings.set(folder, lines.toSorted().join("\n"));
  }
  return listings;
}

function differing(before: Listings, after: Listings): readonly RawPath[] {
  return [...after].filter(([path, text]) => before.get(path) !== text).map(([path]) => path);
}

/** Waits until all folders that differ from `before` were told. */
export async function allTold(root: string, before: Listings, watched: Watched): Promise<void> {
  const folders = differing(before, listAll(root));
  await foldersTold(folders, watched);
}

/** The proof that each folder is watched now: a file is made in each, and each is told. */
export async function allWatched(root: string, watched: Watched): Promise<void> {
  const folders = [...listAll(root).keys()];
  watched.clear();
  for (const folder of folders) {
    writeFileSync(systemPath(`${folder}/proof` as RawPath), "x");
  }
  await foldersTold(folders, watched);
}

async function foldersTold(folders: readonly RawPath[], watched: Watched): Promise<void> {
  const missing = (): readonly RawPath[] => {
    const told = watched.told();
    return folders.filter((folder) => !told.has(folder));
  };
  await until(() => missing().length === 0, {
    what: `${folders.length} folders are told`,
    limitMs: 15_000,
    seen: () => ({ missing: missing().slice(0, 20), kinds: watched.kinds().slice(-20) }),
  });
}

/** `folderCount` folders two deep, with `fileCount` files among them. */
export function fileAt(root: string, index: number): string {
  return join(root, `area-${index % 20}`, `folder-${index % 400}`, `file-${index}`);
}

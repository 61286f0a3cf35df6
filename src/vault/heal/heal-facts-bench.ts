/**
 * Facts for tests: a critical file of 100 bytes that lies where it was, and what differs from it.
 */
import type { RawPath } from "../raw-path.ts";
import type { SourceEntry } from "../tree-source.ts";
import type { ElsewhereFacts, GitFacts, GitMark, HealFacts, SeenEntry, Sight } from "./facts.ts";

export const snapshotNs = 1_800_000_000_123_456_789n;

export function rawPath(text: string): RawPath {
  return text as RawPath;
}

const base = {
  name: rawPath("name"),
  permissions: 0o644,
  mtimeNs: snapshotNs,
  ctimeNs: snapshotNs,
  atimeNs: snapshotNs,
  uid: 0,
  gid: 0,
  user: "",
  group: "",
  inode: 7n,
  deviceId: 1n,
  links: 1,
  attributes: [],
} as const;

export type FileMarks = Partial<
  Record<"inode" | "mtimeNs" | "ctimeNs", bigint> & Record<"sizeBytes" | "permissions", number>
>;

export function file(marks: FileMarks = {}): SourceEntry {
  return { ...base, kind: "file", sizeBytes: 100, ...marks };
}

export function folder(): SourceEntry {
  return { ...base, kind: "dir" };
}

export function link(): SourceEntry {
  return { ...base, kind: "symlink", target: rawPath("elsewhere"), inode: 8n };
}

export const later = snapshotNs + 60_000_000_000n;

export function there(
  entry: SourceEntry,
  more: Partial<Omit<SeenEntry, "kind" | "entry">> = {},
): SeenEntry {
  return {
    kind: "there",
    entry,
    content: entry.kind === "file" ? "differs" : "unread",
    provenNs: later,
    isOpenForWriting: false,
    isMappedForWriting: false,
    leadsNowhere: false,
    ...more,
  };
}

export function gone(above: "folder" | "link" | "other" = "folder"): Sight {
  return { kind: "gone", above };
}

export function facts(more: Partial<HealFacts> = {}): HealFacts {
  return {
    path: rawPath("/source/production/name"),
    policy: "restore",
    expected: file(),
    now: gone(),
    quietMs: 2000,
    waitedMs: 0,
    heldMs: 86_400_000,
    mount: { before: "disk", now: "disk" },
    isAccepted: false,
    recentHeals: 0,
    burst: { rewritten: 0, lost: 1, protectedFiles: 1000 },
    beside: [],
    isOfDatabase: true,
    elsewhere: undefined,
    copy: undefined,
    git: undefined,
    ...more,
  };
}

export function elsewhere(path: string, more: Partial<ElsewhereFacts> = {}): ElsewhereFacts {
  const birthNs = snapshotNs - 1n;
  return {
    path: rawPath(path),
    isInSource: true,
    wasThere: false,
    entry: file(),
    birthNs,
    ...more,
  };
}

const mark: GitMark = { head: "ref: refs/heads/main", commit: "a", logBytes: 100, stash: "" };

/** Git, that moved on by `moved`, and took a path away that it knew, unless `more` says else. */
export function git(moved: Partial<GitMark>, more: Partial<GitFacts> = {}): GitFacts {
  return {
    before: mark,
    now: { ...mark, ...moved },
    wasHeld: true,
    isHeld: false,
    isBusy: false,
    isSound: true,
    ...more,
  };
}

/**
 * A protected tree of real files: what a snapshot would have said of it, and, after programs were
 * at work in it, what the judge says of each path that is not as it was.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  type BigIntStats,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
} from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import {
  findCopy,
  type GitState,
  gitFactsOf,
  isDatabase,
  mountOf,
  readGitState,
  whoWrites,
} from "../../src/platform/heal-facts/index.ts";
import {
  type ElsewhereFacts,
  type GitFacts,
  type HealFacts,
  type Sight,
} from "../../src/vault/heal/facts.ts";
import { judge } from "../../src/vault/heal/judge.ts";
import type { Verdict } from "../../src/vault/heal/verdict.ts";
import {
  journalOwnerOf,
  type RawPath,
  rawPathOfText,
  type SourceEntry,
} from "../../src/vault/index.ts";

interface Seen {
  readonly entry: SourceEntry;
  readonly birthNs: bigint;
  /** SHA-256 of the content; empty for what is no file. */
  readonly hash: string;
}

type SeenTree = ReadonlyMap<string, Seen>;

export interface Scene {
  readonly source: string;
  readonly seen: SeenTree;
  readonly provenNs: bigint;
  readonly git: GitState | undefined;
  readonly mount: string;
}

/** What is not to be seen in the tree itself. */
export type Told = Partial<
  Pick<HealFacts, "isAccepted" | "recentHeals" | "heldMs" | "waitedMs" | "quietMs">
>;

const policies = { critical: "restore", hidden: "restore", evidence: "ask" } as const;

export async function takeScene(source: string): Promise<Scene> {
  const provenNs = BigInt(Date.now()) * 1_000_000n;
  const git = existsSync(join(source, ".git")) ? await readGitState(source) : undefined;
  return { source, seen: treeBelow(source), provenNs, git, mount: mountOf(source) };
}

/** Of each path that is not as it was, by its name in the source. */
export async function verdictsOf(scene: Scene, told: Told = {}): Promise<Map<string, Verdict>> {
  const verdicts = new Map<string, Verdict>();
  const now = treeBelow(dirname(scene.source));
  const around: SeenTree = new Map(
    [...now].map(([path, seen]) => [
      relative(scene.source, join(dirname(scene.source), path)),
      seen,
    ]),
  );
  const protectedPaths = [...scene.seen].filter(([path]) => policyAt(path) !== "leave");
  const burst = {
    rewritten: protectedPaths.filter(([, old]) => isRewritten(old, around)).length,
    lost: protectedPaths.filter(([path, old]) => isLost(old, around.get(path))).length,
    protectedFiles: protectedPaths.length,
  };
  const paths = changed(scene.seen, around);
  const git = scene.git === undefined ? undefined : await gitFactsOf(scene.git, paths);
  for (const path of paths) {
    const facts = await factsAt(path, { scene, around, burst, git, told });
    verdicts.set(path, judge(facts));
  }
  return verdicts;
}

interface After {
  readonly scene: Scene;
  readonly around: SeenTree;
  readonly burst: HealFacts["burst"];
  readonly git: ReadonlyMap<string, GitFacts> | undefined;
  readonly told: Told;
}

async function factsAt(path: string, after: After): Promise<HealFacts> {
  const { scene, around, burst, git, told } = after;
  const { source } = scene;
  const old = scene.seen.get(path);
  const whole = join(source, path);
  const copied =
    old?.entry.kind === "file" && around.has(path)
      ? await findCopy(whole, { ...old.entry, hash: old.hash })
      : undefined;
  return {
    path: rawPathOfText(whole),
    policy: policyAt(path),
    expected: old?.entry,
    now: sightOf(path, after),
    quietMs: 2000,
    waitedMs: 0,
    heldMs: 3_600_000,
    mount: { before: scene.mount, now: mountOf(whole) },
    isAccepted: false,
    recentHeals: 0,
    burst,
    beside: namesBeside(whole),
    isOfDatabase: isDatabase(journalOwnerOf(whole) ?? whole),
    elsewhere: old === undefined ? undefined : elsewhereOf(path, old, { scene, around }),
    copy: copied === undefined ? undefined : rawPathOfText(copied),
    git: git?.get(path),
    ...told,
  };
}

function sightOf(path: string, { scene, around }: After): Sight {
  const old = scene.seen.get(path);
  const now = around.get(path);
  if (now === undefined) return { kind: "gone", above: above(join(scene.source, path)) };
  const writers = whoWrites(now.entry);
  const isZeros = now.entry.kind === "file" && now.hash === hashOfZeros(now.entry.sizeBytes);
  const isSame = old?.hash === now.hash;
  return {
    kind: "there",
    entry: now.entry,
    content: isSame ? "same" : isZeros ? "zeros" : "differs",
    provenNs: scene.provenNs,
    isOpenForWriting: writers.isOpen,
    isMappedForWriting: writers.isMapped,
    leadsNowhere: now.entry.kind === "symlink" && !existsSync(join(scene.source, path)),
  };
}

function above(whole: string): "folder" | "link" | "other" {
  let folder = dirname(whole);
  let stats = lstatSync(folder, { throwIfNoEntry: false });
  while (
    stats === undefined ||
    !(stats.isDirectory() || stats.isFile() || stats.isSymbolicLink())
  ) {
    folder = dirname(folder);
    stats = attempted(() => lstatSync(folder, { throwIfNoEntry: false }));
  }
  if (stats.isDirectory()) return "folder";
  return stats.isSymbolicLink() && existsSync(whole) ? "link" : "other";
}

function elsewhereOf(
  path: string,
  old: Seen,
  { scene, around }: Pick<After, "scene" | "around">,
): ElsewhereFacts | undefined {
  const found = [...around].filter(([other, { entry }]) => {
    return other !== path && entry.inode === old.entry.inode && entry.kind === old.entry.kind;
  });
  // A new name says more than one that was there before.
  const [best] = found.toSorted(
    ([a], [b]) => Number(scene.seen.has(a)) - Number(scene.seen.has(b)),
  );
  if (best === undefined) return undefined;
  const [other, { entry, birthNs }] = best;
  const before = scene.seen.get(other)?.entry.inode;
  return {
    path: rawPathOfText(join(scene.source, other)),
    isInSource: !other.startsWith(".."),
    wasThere: before === old.entry.inode,
    entry,
    birthNs,
  };
}

function namesBeside(whole: string): readonly string[] {
  const name = basename(whole);
  return (attempted(() => readdirSync(dirname(whole))) ?? []).filter(
    (other) => other !== name && (other.startsWith(name) || name.includes(other)),
  );
}

function policyAt(path: string): HealFacts["policy"] {
  const isNone = path.startsWith("..") || path.includes("node_modules");
  const categories = isNone
    ? []
    : [
        ...(/^production(?:\/|$)/.test(path) ? (["critical"] as const) : []),
        ...(/^\.(?:hidden|git)(?:\/|$)/.test(path) ? (["hidden"] as const) : []),
        ...(/^evidence(?:\/|$)/.test(path) ? (["evidence"] as const) : []),
      ];
  const [first] = categories;
  return first === undefined ? "leave" : policies[first];
}

function changed(before: SeenTree, now: SeenTree): readonly string[] {
  return [...before].flatMap(([path, old]) => {
    const found = now.get(path);
    const isSame =
      found !== undefined &&
      found.hash === old.hash &&
      found.entry.ctimeNs === old.entry.ctimeNs &&
      found.entry.inode === old.entry.inode;
    return isSame ? [] : [path];
  });
}

function isLost(old: Seen, now: Seen | undefined): boolean {
  const isEmpty = now?.entry.kind === "file" && now.entry.sizeBytes === 0;
  return now === undefined || (isEmpty && now.hash !== old.hash);
}

/** In place, or under a new name for the same inode. */
function isRewritten({ entry, hash }: Seen, around: SeenTree): boolean {
  if (entry.kind !== "file") return false;
  return [...around.values()].some(
    (now) =>
      now.entry.inode === entry.inode &&
      now.birthNs <= entry.ctimeNs &&
      now.hash !== hash &&
      now.entry.kind === "file" &&
      now.entry.sizeBytes > 0,
  );
}

function treeBelow(root: string): SeenTree {
  const seen = new Map<string, Seen>();
  const walk = (folder: string): void => {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      const found = look(path);
      if (found === undefined) continue;
      seen.set(relative(root, path), found);
      if (found.entry.kind === "dir") walk(path);
    }
  };
  walk(root);
  return seen;
}

function look(path: string): Seen | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  const entry = stats === undefined ? undefined : entryOf(path, stats);
  if (stats === undefined || entry === undefined) return undefined;
  return { entry, birthNs: stats.birthtimeNs, hash: entry.kind === "file" ? hashOf(path) : "" };
}

function entryOf(path: string, stats: BigIntStats): SourceEntry | undefined {
  const base = {
    name: rawPathOfText(basename(path)),
    permissions: Number(stats.mode) & 0o7777,
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
    atimeNs: stats.atimeNs,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    user: "",
    group: "",
    inode: stats.ino,
    deviceId: stats.dev,
    links: Number(stats.nlink),
    attributes: [],
  };
  if (stats.isFile()) return { ...base, kind: "file", sizeBytes: Number(stats.size) };
  if (stats.isDirectory()) return { ...base, kind: "dir" };
  if (stats.isFIFO()) return { ...base, kind: "fifo" };
  if (!stats.isSymbolicLink()) return undefined;
  return { ...base, kind: "symlink", target: readlinkSync(path, "latin1") as RawPath };
}

function hashOf(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

function hashOfZeros(sizeBytes: number): string {
  return createHash("sha256").update(Buffer.alloc(sizeBytes)).digest("hex");
}

/** A script of the shell, in the source; whatever it asks of a person is answered by no. */
export function shell(script: string, source: string): void {
  execFileSync("sh", ["-euc", script], {
    cwd: source,
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      ...process.env,
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_AUTHOR_NAME: "a",
      GIT_AUTHOR_EMAIL: "a@localhost",
      GIT_COMMITTER_NAME: "a",
      GIT_COMMITTER_EMAIL: "a@localhost",
    },
  });
}

function attempted<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    // A folder that is none any more.
    return undefined;
  }
}

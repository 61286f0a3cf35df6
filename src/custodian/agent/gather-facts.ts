/**
 * Looks at the machine for what a verdict needs to know of each path that is lost or changed. It
 * states what it sees and judges nothing; the rules are in `vault/heal/judge.ts`.
 */
import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { findCopy, mountOf, whoWrites } from "../../platform/heal-facts/index.ts";
import {
  type ElsewhereFacts,
  type GitFacts,
  type HealFacts,
  idOfHex,
  isInside,
  type RawPath,
  type Sight,
  type SourceEntry,
  systemPath,
} from "../../vault/index.ts";
import type { AgentWorld } from "./agent-world.ts";
import { compareContent } from "./compare-content.ts";
import type { GitMemory } from "./git-memory.ts";
import type { Loss, Losses } from "./losses.ts";

/** What the agent knows besides what can be seen. */
export interface FactSources {
  readonly world: AgentWorld;
  readonly losses: Losses;
  readonly git: GitMemory;
  readonly signal: AbortSignal;
  quietMsOf(path: RawPath): number;
  mountBefore(source: RawPath): string;
  isAccepted(path: RawPath): boolean;
  recentHealsOf(path: RawPath): number;
  protectedFiles(): number;
  provenNsOf(loss: Loss): Promise<bigint | undefined>;
}

/** In the order of the paths; `waitedMs` is counted by the healer itself. */
export async function gatherFacts(
  paths: readonly RawPath[],
  from: FactSources,
): Promise<readonly HealFacts[]> {
  const git = await from.git.factsOf(paths);
  const facts: HealFacts[] = [];
  for (const path of paths) facts.push(await factsOf(path, from, git.get(path)));
  return facts;
}

async function factsOf(
  path: RawPath,
  from: FactSources,
  git: GitFacts | undefined,
): Promise<HealFacts> {
  const { losses, world } = from;
  const loss = losses.of(path);
  const source = world.sources.find((each) => isInside(path, each)) ?? path;
  const now = await sightOf(path, loss, from);
  return {
    path,
    policy: world.policyAt(path),
    expected: loss?.expected,
    now,
    quietMs: from.quietMsOf(path),
    waitedMs: 0,
    heldMs: loss === undefined ? 0 : loss.foundMs - Number(loss.expected.ctimeNs / 1_000_000n),
    mount: { before: from.mountBefore(source), now: mountOf(String(systemPath(source))) },
    isAccepted: from.isAccepted(path),
    recentHeals: from.recentHealsOf(path),
    burst: {
      rewritten: losses.rewritten,
      lost: losses.waiting.length,
      protectedFiles: from.protectedFiles(),
    },
    beside: namesBeside(path),
    elsewhere: now.kind === "gone" && loss !== undefined ? elsewhereOf(loss, from) : undefined,
    copy: now.kind === "there" && loss !== undefined ? await copyOf(loss, from) : undefined,
    git,
  };
}

async function sightOf(path: RawPath, loss: Loss | undefined, from: FactSources): Promise<Sight> {
  let entry: SourceEntry | undefined;
  try {
    entry = from.world.source.look(path);
    if (entry === undefined) return { kind: "gone", above: aboveOf(path) };
    const content = await contentOf(path, entry, { loss, from });
    const isFile = entry.kind === "file";
    const writers = isFile && content !== "same" ? whoWrites(entry) : undefined;
    return {
      kind: "there",
      entry,
      content,
      provenNs: loss === undefined || !loss.isRot ? undefined : await from.provenNsOf(loss),
      isOpenForWriting: writers?.isOpen ?? false,
      isMappedForWriting: writers?.isMapped ?? false,
      leadsNowhere: entry.kind === "symlink" && !existsSync(systemPath(path)),
    };
  } catch (error) {
    return { kind: "unseen", code: (error as NodeJS.ErrnoException).code ?? "EIO" };
  }
}

async function contentOf(
  path: RawPath,
  entry: SourceEntry,
  { from, loss }: { loss: Loss | undefined; from: FactSources },
): Promise<"unread" | "same" | "differs" | "zeros"> {
  if (entry.kind !== "file" || loss?.expected.kind !== "file") return "unread";
  if (entry.sizeBytes === 0) return loss.expected.sizeBytes === 0 ? "same" : "differs";
  return compareContent(path, loss.expected, { index: from.world.vault.index });
}

function aboveOf(path: RawPath): "folder" | "link" | "other" {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const stats = attempted(() =>
      lstatSync(systemPath(folder as RawPath), { throwIfNoEntry: false }),
    );
    if (stats === undefined) {
      if (folder === "/") return "folder";
      continue;
    }
    if (stats.isDirectory()) return "folder";
    return stats.isSymbolicLink() && existsSync(systemPath(path)) ? "link" : "other";
  }
}

/** Among what arrived in the sources of late, and beside the sources. */
function elsewhereOf({ expected, path }: Loss, from: FactSources): ElsewhereFacts | undefined {
  const { losses, world } = from;
  const arrival = losses.arrivalOf(expected.inode);
  if (arrival !== undefined && arrival.path !== path && arrival.node.kind === expected.kind) {
    const found = facts(arrival.path, { from, isInSource: true });
    if (found?.entry.inode === expected.inode) return found;
  }
  for (const source of world.sources) {
    const folder = dirname(source) as RawPath;
    const beside = world.source.list(folder).entries.find(({ inode, kind }) => {
      return inode === expected.inode && kind === expected.kind;
    });
    if (beside !== undefined) {
      return facts(`${folder}/${beside.name}` as RawPath, { from, isInSource: false });
    }
  }
  return undefined;
}

function facts(
  path: RawPath,
  { from, isInSource }: { from: FactSources; isInSource: boolean },
): ElsewhereFacts | undefined {
  const entry = from.world.source.look(path);
  const stats = attempted(() => lstatSync(systemPath(path), { bigint: true }));
  if (entry === undefined || stats === undefined) return undefined;
  const birthNs = stats.birthtimeNs === 0n ? undefined : stats.birthtimeNs;
  return { path, isInSource, wasThere: false, entry, birthNs };
}

async function copyOf(
  { expected, path }: Loss,
  { signal, world }: FactSources,
): Promise<RawPath | undefined> {
  if (expected.kind !== "file" || expected.sizeBytes === 0) return undefined;
  const isEmpty = attempted(() => statSync(systemPath(path)))?.size === 0;
  if (!isEmpty || namesBeside(path).length === 0) return undefined;
  const hash = createHash("sha256");
  for (const id of expected.content) {
    hash.update(await world.vault.reader.read(idOfHex(id), "data", signal));
  }
  const held = {
    sizeBytes: expected.sizeBytes,
    hash: hash.digest("hex"),
    ctimeNs: expected.ctimeNs,
  };
  return (await findCopy(String(systemPath(path)), held)) as RawPath | undefined;
}

function namesBeside(path: RawPath): readonly string[] {
  const name = basename(path);
  const names = attempted(() => readdirSync(systemPath(dirname(path) as RawPath), "latin1")) ?? [];
  return names.filter(
    (other) => other !== name && (other.startsWith(name) || name.includes(other)),
  );
}

function attempted<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    // Gone, or a folder that is none any more.
    return undefined;
  }
}

/**
 * Looks at the machine for what a verdict needs to know of each path that is lost or changed. It
 * states what it sees and judges nothing; the rules are in `vault/heal/judge.ts`.
 */
import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { findCopy, isDatabase, mountOf, whoWrites } from "../../platform/heal-facts/index.ts";
import {
  type GitFacts,
  type HealFacts,
  idOfHex,
  journalOwnerOf,
  type RawPath,
  type Sight,
  type SourceEntry,
  systemPath,
} from "../../vault/index.ts";
import type { AgentWorld } from "./agent-world.ts";
import { compareContent } from "./compare-content.ts";
import { Elsewhere } from "./elsewhere.ts";
import type { GitMemory } from "./git-memory.ts";
import type { Loss, Losses } from "./losses.ts";

/** What the agent knows besides what can be seen. */
export interface FactSources {
  readonly world: AgentWorld;
  readonly losses: Losses;
  readonly git: GitMemory;
  readonly signal: AbortSignal;
  quietMsOf(path: RawPath): number;
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
  const elsewhere = new Elsewhere(from);
  for (const path of paths)
    facts.push(await factsOf(path, from, { git: git.get(path), elsewhere }));
  return facts;
}

async function factsOf(
  path: RawPath,
  from: FactSources,
  { elsewhere, git }: { readonly git: GitFacts | undefined; readonly elsewhere: Elsewhere },
): Promise<HealFacts> {
  const { losses, world } = from;
  const loss = losses.of(path);
  const now = await sightOf(path, loss, from);
  return {
    path,
    policy: world.policyAt(path),
    expected: loss?.expected,
    now,
    quietMs: from.quietMsOf(path),
    waitedMs: 0,
    heldMs: loss === undefined ? 0 : loss.foundMs - Number(loss.expected.ctimeNs / 1_000_000n),
    mount: {
      before: loss?.mount ?? losses.mounts.before(path),
      now: mountOf(String(systemPath(path))),
    },
    isAccepted: from.isAccepted(path),
    recentHeals: from.recentHealsOf(path),
    burst: {
      rewritten: losses.rewritten,
      lost: losses.waiting.length,
      protectedFiles: from.protectedFiles(),
    },
    beside: namesBeside(path),
    isOfDatabase: await isOfDatabase(path, loss, from),
    elsewhere: now.kind === "gone" && loss !== undefined ? await elsewhere.of(loss) : undefined,
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

/** First bytes of a journal of sqlite, or none: of one whose transaction is over. */
const journalMagics = [Buffer.from("d9d505f920a163d7", "hex"), Buffer.alloc(8)];

async function isOfDatabase(
  path: RawPath,
  loss: Loss | undefined,
  { signal, world }: FactSources,
): Promise<boolean> {
  const owner = journalOwnerOf(path);
  if (owner === undefined || loss?.expected.kind !== "file") return false;
  if (isDatabase(systemPath(owner as RawPath))) return true;
  const [first] = loss.expected.content;
  if (first === undefined) return true;
  const content = await world.vault.reader.read(idOfHex(first), "data", signal);
  return journalMagics.some((magic) => magic.equals(content.subarray(0, magic.length)));
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

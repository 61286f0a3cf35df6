/**
 * Reads a file as somebody who knows that others may be writing it, or may have died while they
 * were.
 *
 * R1. What was asked to be written in this process before is waited for.
 * R2. A damaged content is looked at again until it is whole, or stays damaged for `settleMs`: a
 *     writer who does not use these functions may be in the middle of it.
 * R3. Then the newest whole version takes its place; the damaged one is put aside and not lost.
 */
import { copyFile, link, readFile, rm, stat } from "node:fs/promises";
import { sleep } from "../../resilience/index.ts";
import { isCutOff, type Rules, reasonOf } from "./content.ts";
import { type Damage, damageAgainst, isSuspicious } from "./damage.ts";
import { FileError, fileError } from "./file-error.ts";
import type { Tell } from "./healing.ts";
import type { Patience } from "./patience.ts";
import { replaceWhole } from "./replace.ts";
import { damagedPath, versionPath } from "./side-names.ts";
import { lookAt } from "./target.ts";

const lookEveryMs = 10;
/** A killed writer leaves a gap of two among the versions. */
const gapMax = 3;

export interface Inspected {
  readonly content: Buffer;
  readonly damage: Damage | undefined;
}

/** Throws ENOENT, and what else the system says. */
async function inspect(target: string, rules: Rules): Promise<Inspected> {
  if ((await lookAt(target)) === undefined) throw await notThere(target);
  const content = await readFile(target);
  return { content, damage: await damageOf(target, content, rules) };
}

async function notThere(target: string): Promise<Error> {
  const version = versionPath(target, 1);
  const isKept = (await sizeOf(version)) !== undefined;
  const fix = isKept ? `the version that was written last is ${version}` : "check the path";
  return new FileError("ENOENT", `${target} is not there (ENOENT)`, { path: target, fix });
}

async function damageOf(
  target: string,
  content: Buffer,
  rules: Rules,
): Promise<Damage | undefined> {
  if (content.length === 0 && rules.allowEmpty) return undefined;
  const copy = versionPath(target, 1);
  const keptBytes = await sizeOf(copy);
  if (keptBytes !== undefined && isSuspicious(content, keptBytes)) {
    const kept = await readFile(copy).catch(() => undefined);
    const damage = kept && damageAgainst(content, kept);
    if (damage !== undefined) return damage;
  }
  return formDamage(target, content, rules);
}

function formDamage(target: string, content: Buffer, rules: Rules): Damage | undefined {
  if (rules.validate !== undefined) {
    return reasonOf(rules.validate, content) === undefined ? undefined : "invalid";
  }
  return isCutOff(target, content) ? "truncated" : undefined;
}

/** Keeps R2. */
export async function settled(
  target: string,
  rules: Rules,
  { settleMs, patience, tell }: { settleMs: number; patience: Patience; tell: Tell },
): Promise<Inspected> {
  const { tools } = patience;
  const startedMs = tools.monotonicMs();
  for (let first = true; ; first = false) {
    const found = await inspect(target, rules);
    const waitedMs = tools.monotonicMs() - startedMs;
    if (found.damage === undefined && !first) {
      tell({ kind: "race_waited_out", path: target, waitedMs });
    }
    if (found.damage === undefined || waitedMs >= settleMs) return found;
    await sleep(tools, lookEveryMs, patience.signal);
  }
}

export interface RecoverOptions {
  readonly rules: Rules;
  readonly isDurable: boolean;
  readonly tell: Tell;
}

/** The caller holds the lock. Keeps R3; throws when no version is whole. */
export async function recover(target: string, options: RecoverOptions): Promise<Buffer> {
  const { rules, isDurable, tell } = options;
  const { content, damage } = await inspect(target, rules);
  if (damage === undefined) return content;
  const version = await newestWhole(target, rules);
  if (version === undefined) throw beyondRecovery(target, damage);
  let isRestored = true;
  try {
    if (content.length > 0) await putAside(target);
    const as = { ...rules, mode: undefined, keep: undefined, signal: undefined, isDurable, tell };
    await replaceWhole(target, version.content, as);
  } catch {
    // A read-only folder, say: the caller gets the whole content all the same.
    isRestored = false;
  }
  tell({ kind: "recovered", path: target, damage, from: version.path, isRestored });
  return version.content;
}

async function newestWhole(
  target: string,
  rules: Rules,
): Promise<{ path: string; content: Buffer } | undefined> {
  for (let number = 1, gap = 0; gap <= gapMax; number += 1) {
    const path = versionPath(target, number);
    const content = await readFile(path).catch(() => undefined);
    if (content === undefined) {
      gap += 1;
    } else {
      gap = 0;
      const isEmpty = content.length === 0 && !rules.allowEmpty;
      if (!isEmpty && formDamage(target, content, rules) === undefined) return { path, content };
    }
  }
  return undefined;
}

async function putAside(target: string): Promise<void> {
  const aside = damagedPath(target);
  await rm(aside, { force: true });
  await link(target, aside).catch(() => copyFile(target, aside));
}

function beyondRecovery(target: string, damage: Damage): Error {
  const details = { path: target, fix: "restore it from a backup, or write it anew" };
  if (damage === "invalid") {
    return fileError("FILE_INVALID", `${target} does not pass \`validate\``, details);
  }
  return fileError("FILE_TRUNCATED", `${target} is ${damage}, and no version is whole`, details);
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch {
    // Not there, or closed to us: nothing to judge by.
    return undefined;
  }
}

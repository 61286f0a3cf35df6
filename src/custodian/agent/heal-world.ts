/** What the healer does to the real tree: see the contract of `HealPorts`. */
import {
  constants,
  copyFileSync,
  cpSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { realClock, realTimers, syncFolder } from "../../system/index.ts";
import {
  type HealEvent,
  type HealPorts,
  type RawPath,
  type Repair,
  rawPathOfText,
  type SourceEntry,
  systemPath,
  textOfRawPath,
} from "../../vault/index.ts";
import { compareContent } from "./compare-content.ts";
import { type FactSources, gatherFacts } from "./gather-facts.ts";
import type { Loss } from "./losses.ts";
import { putBack } from "./put-back.ts";

export interface HealWorldOptions {
  readonly facts: FactSources;
  readonly record: (event: HealEvent) => Promise<void>;
}

export function createHealWorld({ facts, record }: HealWorldOptions): HealPorts {
  const { losses, signal, world } = facts;
  let keptAside = 0;

  async function setAside({ path, replaces }: Repair): Promise<RawPath | undefined> {
    if (replaces === undefined || !isStill(path, replaces)) return undefined;
    keptAside += 1;
    const beginning = `${realClock.now().wallMs}-${process.pid}-${keptAside}`;
    const aside = await copyAside(path, join(world.folder, "aside"), beginning);
    return isStill(path, replaces) ? aside : undefined;
  }

  async function restore(repairs: readonly Repair[]): Promise<ReadonlyMap<RawPath, string>> {
    const known: Loss[] = [];
    const failures = new Map<RawPath, string>();
    const replaceable = new Set<RawPath>();
    for (const { path, replaces } of repairs) {
      const loss = losses.of(path);
      if (loss === undefined) failures.set(path, "nobody knows any more what it was");
      else if (replaces !== undefined && !isStill(path, replaces)) {
        failures.set(path, "it changed meanwhile");
      } else {
        known.push(loss);
        if (replaces !== undefined) replaceable.add(path);
      }
    }
    const failed = await putBack(world, { losses: known, replaceable, signal });
    return new Map([...failures, ...failed]);
  }

  async function differs({ path }: Repair): Promise<string | undefined> {
    const loss = losses.of(path);
    const now = world.source.look(path);
    if (loss === undefined || now === undefined) return "it is not there";
    const { expected } = loss;
    if (now.kind !== expected.kind) return `it is a ${now.kind} and not a ${expected.kind}`;
    if (now.permissions !== expected.permissions) return "its mode is another";
    if (expected.kind !== "file") return undefined;
    if (now.mtimeNs / 1000n !== expected.mtimeNs / 1000n) return "its time is another";
    const content = await compareContent(path, expected, { index: world.vault.index });
    return content === "same" ? undefined : `its content is ${content}`;
  }

  async function undo({ path }: Repair, aside: RawPath | undefined): Promise<void> {
    const loss = losses.of(path);
    const now = world.source.look(path);
    // What somebody wrote meanwhile stays.
    if (loss === undefined || now?.mtimeNs !== loss.expected.mtimeNs) return;
    if (aside !== undefined) {
      const name = `.soulmirror-restore-undo-${process.pid}`;
      const temporary = `${dirname(path)}/${name}` as RawPath;
      copyFileSync(systemPath(aside), systemPath(temporary));
      renameSync(systemPath(temporary), systemPath(path));
    } else if (now.kind === "dir") rmdirSync(systemPath(path));
    else rmSync(systemPath(path));
  }

  function isStill(path: RawPath, seen: SourceEntry): boolean {
    const now = world.source.look(path);
    return now?.inode === seen.inode && now.ctimeNs === seen.ctimeNs && now.kind === seen.kind;
  }

  return {
    clock: realClock,
    timers: realTimers,
    facts: (paths) => gatherFacts(paths, facts),
    setAside,
    restore,
    differs,
    undo,
    record,
  };
}

const keptNameBytes = 150;

/** What is damaged is kept, durably, before anything comes into its place. */
async function copyAside(path: RawPath, folder: string, beginning: string): Promise<RawPath> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // A name that is as long as can be has no room for more.
  const name = Buffer.from(basename(textOfRawPath(path)))
    .subarray(0, keptNameBytes)
    .toString();
  const aside = join(folder, `${beginning}-${name}`);
  if (lstatSync(systemPath(path)).isFile()) {
    copyFileSync(systemPath(path), aside, constants.COPYFILE_EXCL);
    await using file = await open(aside, "r");
    await file.sync();
  } else {
    cpSync(textOfRawPath(path), aside, { recursive: true, verbatimSymlinks: true });
  }
  await syncFolder(folder);
  return rawPathOfText(aside);
}

/** What the healer does to the real tree: see the contract of `HealPorts`. */
import { rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { realClock, realTimers } from "../../system/index.ts";
import {
  type HealEvent,
  type HealPorts,
  type RawPath,
  type Repair,
  type SourceEntry,
  systemPath,
} from "../../vault/index.ts";
import { type AsideLimits, copyAside, sweepAside, takeBack } from "./aside.ts";
import { compareContent } from "./compare-content.ts";
import { type FactSources, gatherFacts } from "./gather-facts.ts";
import type { Loss } from "./losses.ts";
import { putBack } from "./put-back.ts";

const sweepEveryMs = 60_000;

export interface HealWorldOptions {
  readonly facts: FactSources;
  readonly aside: AsideLimits;
  readonly record: (event: HealEvent) => Promise<void>;
}

export function createHealWorld({ aside: limits, facts, record }: HealWorldOptions): HealPorts {
  const { losses, signal, world } = facts;
  let keptAside = 0;
  let sweptMs = 0;

  async function setAside({ path, replaces }: Repair): Promise<RawPath | undefined> {
    if (replaces === undefined || !isStill(path, replaces)) return undefined;
    keptAside += 1;
    const { wallMs } = realClock.now();
    const folder = join(world.folder, "aside");
    // A mass of them is not swept for each.
    if (Math.abs(wallMs - sweptMs) > sweepEveryMs) {
      sweptMs = wallMs;
      sweepAside(folder, wallMs, limits);
    }
    const aside = await copyAside(path, folder, `${wallMs}-${process.pid}-${keptAside}`);
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

  async function undo({ path, replaces }: Repair, aside: RawPath | undefined): Promise<void> {
    const loss = losses.of(path);
    const now = world.source.look(path);
    // What somebody wrote meanwhile stays.
    if (loss === undefined || now?.mtimeNs !== loss.expected.mtimeNs) return;
    if (aside !== undefined && replaces !== undefined) takeBack(aside, path, replaces);
    else if (now.kind === "dir") rmdirSync(systemPath(path));
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

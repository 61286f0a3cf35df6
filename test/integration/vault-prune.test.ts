/**
 * Pruning in real folders, judged by stock restic; and both at work on one repository at once.
 * `VAULT_PRUNE_SECONDS` is how long the second loop runs; the first one three times as long, which
 * is a minute when it is 20.
 */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { SoulMirrorError } from "../../src/kernel/index.ts";
import {
  forget,
  listSnapshots,
  type PruneOutcome,
  prune,
  withSession,
} from "../../src/vault/index.ts";
import { temporaryFolder } from "../afterwards.ts";
import { type VaultScene, vaultScene } from "./vault-prune-scene.ts";

const run = promisify(execFile);
/** A busy machine gets nothing done in a loop that short: then it goes on. */
const loopsMostMs = 150_000;
const loopMs = Number(process.env["VAULT_PRUNE_SECONDS"] ?? 5) * 1000;
const { signal } = new AbortController();
const now = () => ({
  at: Date.now(),
  uptimeMs: performance.now(),
  bootId: "b",
  utcOffsetMinutes: 0,
});

it("is clean for restic in each location, and restores what it restored", {
  timeout: 120_000,
}, async () => {
  const scene = await vaultScene(2);
  for (let round = 0; round < 12; round += 1) {
    change(scene, round);
    await scene.backUp();
    await see(scene);
  }
  const { source: path, vault } = scene;
  const outcome = await withSession(vault, { isExclusive: true, signal }, (session) =>
    forget(session, {
      policy: { last: 3 },
      host: vault.surroundings.worker.hostname,
      paths: [path],
      now: now(),
      tombstones: scene.tombstones,
      arrivals: scene.arrivals,
      doubts: scene.doubts,
    }),
  );
  expect(outcome.plan.freezes).toEqual([]);
  expect(outcome).toMatchObject({ removedFiles: 18 });
  expect(scene.tombstones.size).toBe(0);
  expect(await pruneOnce(scene, 4)).toMatchObject({ kind: "done", figures: { snapshots: 3 } });
  for (const repository of scene.repositories) {
    await checkAndRestore(scene, repository);
    expect(readdirSync(join(repository, "index")).length).toBeLessThanOrEqual(2);
    expect(readdirSync(join(repository, "snapshots"))).toHaveLength(3);
  }
  // What comes afterwards finds everything as it should be.
  change(scene, 99);
  expect((await scene.backUp()).places.map(({ holds }) => holds)).toEqual([true, true]);
  for (const repository of scene.repositories) {
    await scene.restic(repository, "forget", "--keep-last", "1", "--prune");
    await checkAndRestore(scene, repository);
  }
});

it("restic prunes one location in a loop while we back up", { timeout: 300_000 }, async () => {
  const scene = await vaultScene(2);
  const [first = ""] = scene.repositories;
  change(scene, 0);
  await scene.backUp();
  const beganMs = performance.now();
  const goesOn = (): boolean => {
    const sinceMs = performance.now() - beganMs;
    return sinceMs < 3 * loopMs || (looped.prunes === 0 && sinceMs < loopsMostMs);
  };
  const looped = { prunes: 0, refused: 0, backups: 0, leftOut: 0 };
  const versions = new Map<string, ReadonlyMap<string, string>>();
  const pruning = async (): Promise<void> => {
    while (goesOn()) {
      try {
        await scene.restic(first, "forget", "--keep-last", "2", "--prune");
        looped.prunes += 1;
      } catch (error) {
        if (!String(error).includes("already locked")) throw error;
        looped.refused += 1;
      }
      await pause();
    }
  };
  const backingUp = async (): Promise<void> => {
    for (let round = 1; goesOn(); round += 1) {
      change(scene, round);
      const { places, snapshot } = await scene.backUp();
      versions.set(snapshot.id, contentsOf(scene.source));
      looped.backups += 1;
      if (places.some(({ holds }) => !holds)) looped.leftOut += 1;
      await pause();
    }
  };
  await Promise.all([pruning(), backingUp()]);
  process.stdout.write(`restic prunes: ${JSON.stringify(looped)}\n`);
  expect(Math.min(looped.prunes, looped.backups)).toBeGreaterThan(0);
  change(scene, -1);
  await scene.backUp();
  for (const repository of scene.repositories) {
    await checkAndRestore(scene, repository);
    await restoreEach(scene, repository, versions);
  }
});

it("we prune in a loop while restic backs up", { timeout: 300_000 }, async () => {
  const scene = await vaultScene(1);
  const [repository = ""] = scene.repositories;
  change(scene, 0);
  await scene.backUp();
  const beganMs = performance.now();
  const goesOn = (): boolean => {
    const sinceMs = performance.now() - beganMs;
    const isDone = Math.min(looped.prunes, looped.backups) > 0;
    return sinceMs < loopMs || (!isDone && sinceMs < loopsMostMs);
  };
  const looped = { prunes: 0, refused: 0, backups: 0, locked: 0 };
  const pruning = async (): Promise<void> => {
    while (goesOn()) {
      try {
        await pruneOnce(scene, 4, await allButTwo(scene));
        looped.prunes += 1;
      } catch (error) {
        if (!(error instanceof SoulMirrorError && error.code === "VAULT_LOCKED")) throw error;
        looped.refused += 1;
      }
      await pause();
    }
  };
  const backingUp = async (): Promise<void> => {
    for (let round = 1; goesOn(); round += 1) {
      change(scene, round);
      try {
        await scene.restic(repository, "backup", scene.source);
        looped.backups += 1;
      } catch (error) {
        if (!String(error).includes("already locked")) throw error;
        looped.locked += 1;
      }
      await pause();
    }
  };
  await Promise.all([pruning(), backingUp()]);
  process.stdout.write(`we prune: ${JSON.stringify(looped)}\n`);
  expect(Math.min(looped.prunes, looped.backups)).toBeGreaterThan(0);
  change(scene, -1);
  await scene.backUp();
  await checkAndRestore(scene, repository);
});

/** The two newest stay, by their own times. */
async function allButTwo({ repositories, restic }: VaultScene): Promise<ReadonlySet<string>> {
  const words = ["snapshots", "--json", "--no-lock"];
  const list: unknown = JSON.parse(await restic(repositories[0] ?? "", ...words));
  const ids = (list as readonly { readonly id: string }[]).map(({ id }) => id);
  return new Set(ids.slice(0, -2));
}

function pruneOnce(
  { tombstones, vault }: VaultScene,
  smallPacksMax: number,
  forgotten: ReadonlySet<string> = new Set(),
): Promise<PruneOutcome> {
  const isForgotten = (id: string): boolean => tombstones.has(id) || forgotten.has(id);
  return withSession(vault, { isExclusive: true, signal }, (session) =>
    prune(session, { isForgotten, smallPacksMax }),
  );
}

async function see({ arrivals, vault }: VaultScene): Promise<void> {
  await withSession(vault, { isExclusive: false, signal }, async (session) => {
    await arrivals.see(await listSnapshots(session), now());
  });
}

function change({ source }: VaultScene, round: number): void {
  for (let file = 0; file < 5; file += 1) {
    const at = (round * 3 + file) % 40;
    writeFileSync(
      join(source, `file-${Math.abs(at)}`),
      `${round} ${file} `.repeat(500 + 40 * file),
    );
  }
}

async function checkAndRestore(scene: VaultScene, repository: string): Promise<void> {
  const checked = await scene.restic(repository, "check", "--read-data");
  expect(checked).toContain("no errors were found");
  const target = temporaryFolder("vault-prune-restored");
  await scene.restic(repository, "restore", "latest", "--target", target);
  const { stdout } = await run("diff", ["-r", scene.source, join(target, scene.source)]);
  expect(stdout).toBe("");
}

/**
 * Every snapshot that is left holds what was there; of many some, from the oldest to the newest.
 */
async function restoreEach(
  { restic, source }: VaultScene,
  repository: string,
  versions: ReadonlyMap<string, ReadonlyMap<string, string>>,
): Promise<void> {
  const left = new Set(readdirSync(join(repository, "snapshots")));
  const ids = [...versions.keys()].filter((id) => left.has(id));
  expect(ids.length).toBeGreaterThan(0);
  const step = Math.ceil(ids.length / 12);
  for (const id of ids.filter((_, at) => at % step === 0)) {
    const target = temporaryFolder("vault-prune-version");
    await restic(repository, "restore", id, "--target", target);
    expect(contentsOf(join(target, source))).toEqual(versions.get(id));
  }
}

function contentsOf(folder: string): ReadonlyMap<string, string> {
  const names = readdirSync(folder).toSorted();
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 50);
  });
}

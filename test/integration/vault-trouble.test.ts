/** What can stand in the way of work in a vault: each is told, and nothing is lost by it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { openVault } from "../../src/custodian/index.ts";
import { createRandom, integerBetween } from "../../src/kernel/index.ts";
import { openFileLocation } from "../../src/platform/locations/index.ts";
import { encodeLock } from "../../src/vault/format/lock-json.ts";
import { createSealer, withSession } from "../../src/vault/index.ts";
import { referenceKernels } from "../../src/vault/kernels-bench.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { sample } from "../conformance/location-scene.ts";
import { passphrase } from "./restore-bench.ts";
import { program } from "./servers/server-process.ts";
import {
  inFolders,
  makeVault,
  repositoriesIn,
  restic,
  type WorkPlace,
  work,
} from "./vault-work.ts";

const { signal } = new AbortController();

async function scene(): Promise<WorkPlace & { readonly repositories: readonly [string, string] }> {
  const folder = temporaryFolder("vault-trouble");
  const place = inFolders(folder);
  await makeVault(place);
  change(place, 1);
  await work(place, "backup");
  return { ...place, repositories: repositoriesIn(folder) };
}

function change({ folder }: WorkPlace, number: number): void {
  for (let file = 0; file < 6; file += 1) {
    const { bytes } = sample("pack", number * 100 + file, 40_000);
    writeFileSync(join(folder, "source", `file-${(number + file) % 9}`), bytes);
  }
}

/** `CODE message (fix)` of an opening, or `opened`. */
async function opening(folders: readonly string[], word = passphrase): Promise<string> {
  const locations = folders.map((folder) => openFileLocation({ folder }));
  try {
    await using opened = await openVault({ locations, passphrase: word, signal });
    return `opened ${opened.leftOut.map(({ kind, reason }) => `${kind}: ${reason}`).join("; ")}`;
  } catch (error) {
    const { code, fix, message } = error as { code: string; fix: string; message: string };
    return `${code} ${message} (${fix})`;
  }
}

async function bothAreSound(repositories: readonly string[]): Promise<void> {
  for (const repository of repositories) {
    await restic(repository, "unlock");
    expect(await restic(repository, "check", "--read-data")).toContain("no errors were found");
  }
}

/** Another config, sealed with the keys of the vault. */
async function writeConfig(repository: string, changes: Record<string, unknown>): Promise<void> {
  const locations = [openFileLocation({ folder: repository })];
  await using opened = await openVault({ locations, passphrase, signal });
  const sealer = createSealer(opened.keys, referenceKernels);
  const config = { version: 2, id: opened.id, chunker_polynomial: opened.polynomial.toString(16) };
  const bytes = Buffer.from(JSON.stringify({ ...config, ...changes }));
  rmSync(join(repository, "config"));
  writeFileSync(join(repository, "config"), sealer.seal(bytes, new Uint8Array(16).fill(7)));
}

test("another passphrase, another repository, another version: each is named, with what helps", async () => {
  const { repositories } = await scene();
  const [first, second] = repositories;
  expect(await opening(repositories)).toBe("opened ");
  const wrong = await opening(repositories, "a guess of mine");
  expect(wrong).toMatch(/^VAULT_PASSPHRASE_WRONG .*\(.+\)$/);
  expect(wrong).not.toContain("guess");

  const older = join(temporaryFolder("vault-trouble"), "older");
  await restic(older, "init", "--repository-version", "1");
  expect(await opening([first, older])).toMatch(/^VAULT_FOREIGN .*older holds another .*\(.+\)$/);
  expect(await opening([older])).toMatch(/^CONFLICT .*version 1.*\(.+\)$/);

  const kept = readFileSync(join(second, "config"));
  await writeConfig(second, { version: 3 });
  expect(await opening([second])).toMatch(/^VAULT_TOO_NEW .*version 3.*\(.+\)$/);
  await expect(restic(second, "snapshots")).rejects.toThrow("Command failed");
  rmSync(join(second, "config"));
  writeFileSync(join(second, "config"), kept.subarray(0, 20));
  expect(await opening([second])).toMatch(/^VAULT_DAMAGED .*\(.*\)$/);
  expect(await opening(repositories)).toMatch(/^opened damaged: ./);
  expect(await opening([join(first, "nothing")])).toMatch(/^VAULT_NOT_FOUND .*nothing.*\(.+\)$/);
}, 200_000);

test("two machines back up at once, and each holds its own", async () => {
  const one = await scene();
  const folder = temporaryFolder("vault-trouble");
  mkdirSync(join(folder, "source"));
  const two: WorkPlace = { folder, locations: one.locations };
  change(one, 2);
  change(two, 3);
  await Promise.all([work(one, "backup"), work(two, "backup")]);
  for (const repository of one.repositories) {
    expect(readdirSync(join(repository, "snapshots"))).toHaveLength(3);
    expect(readdirSync(join(repository, "locks"))).toEqual([]);
  }
  await bothAreSound(one.repositories);
}, 200_000);

test("who prunes while somebody works is told who that is, and the other way round", async () => {
  const place = await scene();
  await using opened = await openVault({ locations: place.locations(), passphrase, signal });
  const asReader = { isExclusive: false, signal };
  await withSession(opened.vault, asReader, async () => {
    await expect(work(place, "prune")).rejects.toMatchObject({
      code: "VAULT_LOCKED",
      message: expect.stringContaining(`process ${process.pid} of`) as string,
    });
    await expect(restic(place.repositories[0], "prune")).rejects.toThrow(`PID ${process.pid}`);
    await work(place, "backup");
  });

  // One of another machine, which nobody here can know to be dead.
  const { codec } = opened.vault;
  const worker = { hostname: "elsewhere", username: "ann", pid: 1, uid: 0, gid: 0 };
  const timeNs = BigInt(Date.now()) * 1_000_000n;
  const { bytes, id } = codec.encodeFile(encodeLock({ ...worker, timeNs, isExclusive: true }));
  for (const repository of place.repositories) {
    writeFileSync(join(repository, "locks", id), bytes);
  }
  for (const verb of ["backup", "prune", "heal"] as const) {
    await expect(work(place, verb)).rejects.toMatchObject({
      code: "VAULT_LOCKED",
      message: expect.stringContaining(
        "exclusively locked by process 1 of ann on elsewhere",
      ) as string,
    });
  }
  for (const repository of place.repositories) {
    expect(readdirSync(join(repository, "locks"))).toEqual([id]);
    rmSync(join(repository, "locks", id));
  }
  await work(place, "prune");
  await bothAreSound(place.repositories);
}, 200_000);

test("restic, killed while it prunes, leaves what we go on with", async () => {
  const place = await scene();
  const random = createRandom(20_261_122);
  const [repository] = place.repositories;
  let killed = 0;
  for (let number = 2; number < 8; number += 1) {
    change(place, number);
    await work(place, "backup");
    const words = ["--no-cache", "-r", repository, "forget", "--prune", "--keep-last", "1"];
    const env = { ...process.env, RESTIC_PASSWORD: passphrase };
    const child = spawn(program("restic"), words, { env, stdio: "ignore" });
    afterwards(() => child.kill("SIGKILL"));
    const ended = once(child, "close");
    await Promise.race([pause(integerBetween(random, 20, 150)), ended]);
    child.kill("SIGKILL");
    await ended;
    if (child.signalCode === "SIGKILL") killed += 1;
  }
  expect(killed).toBeGreaterThan(0);
  await work(place, "backup");
  await work(place, "prune");
  await bothAreSound(place.repositories);
  for (const each of place.repositories) {
    // What restic had begun to write when it was killed has a longer name, and is no lock.
    const locks = readdirSync(join(each, "locks")).filter((name) => !name.includes("-tmp-"));
    expect(locks).toEqual([]);
  }
}, 200_000);

/** A location on a disk that is full, or read-only: what each kind of work says, and loses. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openFileLocation } from "../../src/platform/locations/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { makeVault, restic, type WorkPlace, work } from "../integration/vault-work.ts";

interface SmallDisk {
  readonly place: WorkPlace;
  readonly folder: string;
  readonly here: string;
  /** Lies on the small disk. */
  readonly there: string;
  readonly mount: (...words: readonly string[]) => void;
  /** All but so many bytes. */
  readonly fill: (leftBytes: number) => void;
  readonly makeRoom: () => void;
}

function onSmallDisk(): SmallDisk {
  const folder = temporaryFolder("vault-disk");
  const disk = join(folder, "disk");
  mkdirSync(disk);
  const mount = (...words: readonly string[]) => execFileSync("mount", [...words, disk]);
  mount("-t", "tmpfs", "-o", "size=24m,mode=700", "none");
  afterwards(() => execFileSync("umount", ["--lazy", disk]));
  const [here, there] = [join(folder, "here"), join(disk, "there")];
  const ballast = join(disk, "ballast");
  return {
    folder,
    here,
    there,
    mount,
    place: {
      folder,
      locations: () => [here, there].map((each) => openFileLocation({ folder: each })),
    },
    fill(leftBytes) {
      const { bavail, bsize } = statfsSync(disk);
      writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - leftBytes)));
    },
    makeRoom: () => rmSync(ballast),
  };
}

function change(folder: string, bytes: number): void {
  for (let file = 0; file < 4; file += 1) {
    writeFileSync(join(folder, "source", `file-${file}`), randomBytes(bytes / 4));
  }
}

async function sound(...repositories: readonly string[]): Promise<void> {
  for (const repository of repositories) {
    expect(await restic(repository, "check", "--read-data")).toContain("no errors were found");
  }
}

function snapshotsIn(repository: string): readonly string[] {
  return readdirSync(join(repository, "snapshots")).toSorted();
}

test("a full disk: init, backup, prune, heal and restore say so, and end when there is room", async () => {
  const { fill, folder, here, makeRoom, place, there } = onSmallDisk();
  const isFull = new RegExp(`${there}.*(?:no space left|full)`, "i");
  fill(0);
  await expect(makeVault(place)).rejects.toThrow(isFull);
  makeRoom();
  rmSync(join(folder, "source"), { recursive: true });
  await makeVault(place);

  change(folder, 2_000_000);
  await work(place, "backup");
  fill(300_000);
  change(folder, 2_000_000);
  await expect(work(place, "backup")).rejects.toThrow(isFull);
  expect(snapshotsIn(here)).toHaveLength(2);
  expect(snapshotsIn(there)).toHaveLength(1);
  makeRoom();
  await sound(here, there);
  // What lagged has caught up, or does so by a heal.
  for (let round = 0; round < 3; round += 1) {
    change(folder, 800_000);
    await work(place, "backup");
  }
  await work(place, "heal");
  expect(snapshotsIn(there)).toEqual(snapshotsIn(here));

  // Not even a lock has room: nothing is forgotten or removed anywhere.
  const before = snapshotsIn(here);
  fill(0);
  await expect(work(place, "prune")).rejects.toThrow(isFull);
  expect(snapshotsIn(here)).toEqual(before);
  makeRoom();
  await work(place, "prune");
  expect(snapshotsIn(here)).toHaveLength(3);
  await sound(here, there);

  const packs = readdirSync(join(there, "data"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.length > 60)
    .map((name) => join(there, "data", name))
    .toSorted((left, right) => readFileSync(right).length - readFileSync(left).length);
  rmSync(packs[0] ?? "");
  fill(100_000);
  await expect(work(place, "heal")).rejects.toThrow(isFull);
  makeRoom();
  await work(place, "heal");
  await sound(here, there);
}, 400_000);

test("a restore to a full disk says which files failed, and goes on when there is room", async () => {
  const { fill, folder, here, makeRoom, place: both, there } = onSmallDisk();
  await makeVault(both);
  change(folder, 4_000_000);
  await work(both, "backup");
  const place = { folder, locations: () => [openFileLocation({ folder: here })] };
  const target = join(there, "..", "restored");
  fill(1_500_000);
  await expect(work(place, "restore", target)).rejects.toThrow(/file-\d.*ENOSPC/);
  makeRoom();
  await work(place, "restore", target);
  execFileSync("diff", ["-r", join(folder, "source"), join(target, folder, "source")]);
}, 200_000);

test("a read-only disk: it is read and restored from; what would write says so", async () => {
  const { folder, here, mount, place, there } = onSmallDisk();
  await makeVault(place);
  change(folder, 1_000_000);
  await work(place, "backup");
  mount("-o", "remount,ro");
  const isReadOnly = new RegExp(`${there}.*read-only`, "i");
  const before = snapshotsIn(here);
  for (const verb of ["prune", "heal"] as const) {
    await expect(work(place, verb)).rejects.toThrow(isReadOnly);
  }
  change(folder, 1_000_000);
  await expect(work(place, "backup")).rejects.toThrow(isReadOnly);
  expect(snapshotsIn(there)).toEqual(before);
  expect(snapshotsIn(here)).toHaveLength(2);
  const alone = { folder, locations: () => [openFileLocation({ folder: there })] };
  await work(alone, "restore");
  mount("-o", "remount,rw");
  await work(place, "backup");
  await work(place, "heal");
  await sound(here, there);
}, 200_000);

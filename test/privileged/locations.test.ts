/** Disks that are full, read-only, or somebody else's: as root makes them. */
import { execFileSync } from "node:child_process";
import { chmod, mkdir, statfs, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { openFileLocation, openSftpLocation } from "../../src/platform/locations/index.ts";
import { type Location, type LocationFault, pathOfFile } from "../../src/vault/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { locationFaults } from "../conformance/location-faults.ts";
import {
  type LocationScene,
  listed,
  never,
  putAll,
  type SceneFault,
  sample,
} from "../conformance/location-scene.ts";
import { program } from "../integration/servers/server-process.ts";

const nobody = 65_534;

locationFaults("a folder on a small disk", () => onSmallDisk(here), ["full", "read-only"]);
locationFaults("SFTP to a small disk", () => onSmallDisk(there), ["full", "read-only"]);
locationFaults("a folder that is not ours", ofAnother, ["denied"]);

function here(folder: string): Location {
  return openFileLocation({ folder });
}

function there(folder: string): Location {
  const command = [program("sftp-server")];
  return openSftpLocation({ target: { host: "unused" }, folder, name: "sftp:test", command });
}

test.each([
  ["a folder", here],
  ["SFTP", there],
])("%s: a file with bad sectors is unreadable, and the disk is not away", async (_name, open) => {
  const [image, disk] = [join(temporaryFolder("image"), "ext4"), temporaryFolder("disk")];
  const run = (command: string, ...words: string[]) => execFileSync(command, words).toString();
  await writeFile(image, "");
  await truncate(image, 40 << 20);
  run("mkfs.ext4", "-q", "-m", "0", "-O", "^has_journal", image);
  const loop = run("losetup", "--find", "--show", image).trim();
  afterwards(() => run("losetup", "--detach", loop));
  run("mount", loop, disk);
  afterwards(() => run("umount", "--lazy", disk));
  await using location = open(join(disk, "vault"));
  await location.prepare(never);
  const packs = Array.from({ length: 28 }, (_, at) => sample("pack", at, 1 << 20));
  await putAll(location, [sample("config", 0), ...packs]);
  await truncate(image, 20 << 20);
  run("losetup", "--set-capacity", loop);
  const said: string[] = [];
  for (const { file } of packs) {
    // What memory has of it would be read still.
    run(
      "dd",
      `if=${join(disk, "vault", pathOfFile(file))}`,
      "iflag=nocache",
      "count=0",
      "status=none",
    );
    const outcome = location.get(file, never).then(() => "read");
    said.push(await outcome.catch((error: unknown) => (error as LocationFault).kind));
  }
  expect(new Set(said)).toEqual(new Set(["read", "unreadable"]));
  expect(await listed(location, "pack")).toHaveLength(packs.length);
});

async function onSmallDisk(open: (folder: string) => Location): Promise<LocationScene> {
  const disk = temporaryFolder("disk");
  const mount = (...words: readonly string[]) => execFileSync("mount", [...words, disk]);
  mount("-t", "tmpfs", "-o", "size=4m,mode=700", "none");
  afterwards(() => execFileSync("umount", ["--lazy", disk]));
  const folder = join(disk, "vault");
  const location = open(folder);
  const ballast = join(disk, "ballast");
  const strike = async (fault: SceneFault): Promise<void> => {
    if (fault === "read-only") mount("-o", "remount,ro");
    else {
      const { bavail, bsize } = await statfs(disk);
      await writeFile(ballast, Buffer.alloc(bavail * bsize - 200_000));
    }
  };
  const lift = async (): Promise<void> => {
    mount("-o", "remount,rw");
    await writeFile(ballast, "");
  };
  return { location, plant: plantIn(folder), strike, lift, ...disposing(location) };
}

/** The whole process becomes nobody meanwhile: root may do everything. */
async function ofAnother(): Promise<LocationScene> {
  const folder = join(temporaryFolder("location"), "vault");
  await chmod(dirname(folder), 0o755);
  const location = openFileLocation({ folder });
  const become = (user: number) => async (): Promise<void> => process.seteuid?.(user);
  const scene: LocationScene = {
    location,
    plant: plantIn(folder),
    strike: become(nobody),
    lift: become(0),
    async [Symbol.asyncDispose]() {
      await scene.lift?.();
      await location[Symbol.asyncDispose]();
    },
  };
  return scene;
}

function plantIn(folder: string): LocationScene["plant"] {
  return async (path, bytes) => {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
  };
}

function disposing(location: Location): AsyncDisposable {
  return { [Symbol.asyncDispose]: async () => location[Symbol.asyncDispose]() };
}

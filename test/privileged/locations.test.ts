/** Disks that are full, read-only, or somebody else's: as root makes them. */
import { execFileSync } from "node:child_process";
import { chmod, mkdir, statfs, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { openFileLocation, openSftpLocation } from "../../src/platform/locations/index.ts";
import type { Location } from "../../src/vault/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { locationFaults } from "../conformance/location-faults.ts";
import type { LocationScene, SceneFault } from "../conformance/location-scene.ts";
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

import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { openFileLocation, openSftpLocation } from "../../src/platform/locations/index.ts";
import {
  type FaultKind,
  type Location,
  LocationFault,
  MemoryLocation,
} from "../../src/vault/index.ts";
import { temporaryFolder } from "../afterwards.ts";
import { program } from "../integration/servers/server-process.ts";
import { locationConformance } from "./location.ts";
import { locationFaults } from "./location-faults.ts";
import { type LocationScene, type SceneFault, sceneFaults } from "./location-scene.ts";

locationConformance("memory", openMemory);
locationFaults("memory", openMemory, [
  "down",
  "vanished",
  "denied",
  "throttled",
  "strange",
  "full",
  "read-only",
]);

locationConformance("a folder", openFolder);
locationFaults("a folder", openFolder, ["vanished"]);

// The program of OpenSSH behind a pipe: everything but the way there.
locationConformance("SFTP", openSftp);
locationFaults("SFTP", openSftp, ["vanished"]);

async function openMemory(): Promise<LocationScene> {
  let present: SceneFault | undefined;
  const location = new MemoryLocation({
    before({ method }) {
      const fault = present && sceneFaults[present];
      const isWrite = method === "put" || method === "replace" || method === "remove";
      if (fault === undefined || (fault.writesOnly && !isWrite)) return;
      throw faultOf(fault.says);
    },
  });
  return {
    location,
    plant: async (path, bytes) => void location.files.set(path, bytes),
    strike: async (fault) => {
      present = fault;
    },
    lift: async () => {
      present = undefined;
    },
    [Symbol.asyncDispose]: () => location[Symbol.asyncDispose](),
  };
}

function faultOf(kind: FaultKind): LocationFault {
  return new LocationFault(kind, `memory: ${kind}`, { retryAfterMs: 2000 });
}

async function openFolder(): Promise<LocationScene> {
  const folder = join(temporaryFolder("location"), "vault");
  return inFolder(folder, openFileLocation({ folder }));
}

async function openSftp(): Promise<LocationScene> {
  const folder = join(temporaryFolder("location"), "vault");
  const command = [program("sftp-server")];
  const target = { host: "unused" };
  return inFolder(folder, openSftpLocation({ target, folder, command, name: "sftp:test" }));
}

function inFolder(folder: string, location: Location): LocationScene {
  return {
    location,
    async plant(path, bytes) {
      const file = join(folder, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, bytes);
    },
    strike: () => rename(folder, `${folder}-away`),
    lift: () => rename(`${folder}-away`, folder),
    [Symbol.asyncDispose]: async () => location[Symbol.asyncDispose](),
  };
}

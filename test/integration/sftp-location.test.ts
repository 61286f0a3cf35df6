/** The location behind SFTP, over a real server and a path to it that has its troubles. */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSftpLocation, type SshTarget } from "../../src/platform/locations/index.ts";
import type { Location, LocationFault } from "../../src/vault/index.ts";
import { temporaryFolder } from "../afterwards.ts";
import { locationConformance } from "../conformance/location.ts";
import { locationFaults } from "../conformance/location-faults.ts";
import {
  type LocationScene,
  never,
  type SceneFault,
  sample,
} from "../conformance/location-scene.ts";
import { until } from "../until.ts";
import { RoughPath } from "./servers/rough-path.ts";
import { program } from "./servers/server-process.ts";
import { type SshServer, startSshServer } from "./servers/ssh-server.ts";

let server: SshServer;
let path: RoughPath;

beforeAll(async () => {
  server = await startSshServer();
  path = await RoughPath.to(server.port);
});

afterAll(async () => {
  await path[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

locationConformance("SFTP of a real server", () => openScene());
locationFaults("SFTP of a real server", () => openScene(), ["down", "cut", "vanished", "denied"]);
// Short for the calls that it ends, and long enough for a busy machine to log somebody in.
locationFaults("SFTP of a real server", () => openScene(5000), ["stalled"]);

interface Way {
  readonly target?: SshTarget;
  readonly stallMs?: number | undefined;
}

function openAt(folder: string, { target = server.target(path.port), stallMs = 30_000 }: Way = {}) {
  return openSftpLocation({ target, folder, name: `sftp://vault-host/${folder}`, stallMs });
}

async function openScene(stallMs?: number): Promise<LocationScene> {
  const folder = join(temporaryFolder("location"), "vault");
  const location = openAt(folder, { stallMs });
  const away = `${folder}-away`;
  const keysAway = `${server.authorizedKeys}-away`;
  const strikes: Partial<Record<SceneFault, () => unknown>> = {
    down: () => path.goDown(),
    cut: () => path.cutAfter(100_000),
    stalled: () => path.stall(),
    vanished: () => rename(folder, away),
    denied: async () => {
      await rename(server.authorizedKeys, keysAway);
      path.cutAll();
      await saysKind(location, "denied");
    },
  };
  const lifts: Partial<Record<SceneFault, () => unknown>> = {
    vanished: () => rename(away, folder),
    denied: () => rename(keysAway, server.authorizedKeys),
  };
  let present: SceneFault | undefined;
  const scene: LocationScene = {
    location,
    async plant(name, bytes) {
      const file = join(folder, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, bytes);
    },
    async strike(fault) {
      present = fault;
      await strikes[fault]?.();
      // The connection that was open has noticed.
      if (fault === "down") await saysKind(location, "away");
    },
    async lift() {
      path.mend();
      if (present !== undefined) await lifts[present]?.();
      present = undefined;
    },
    async [Symbol.asyncDispose]() {
      await scene.lift?.();
      await location[Symbol.asyncDispose]();
    },
  };
  return scene;
}

async function saysKind(location: Location, kind: string): Promise<void> {
  const { file } = sample("config", 1);
  const says = () =>
    location.stat(file, never).catch((error: unknown) => (error as LocationFault).kind);
  await until(async () => (await says()) === kind);
}

describe("the host and its key", () => {
  async function refusal(target: SshTarget): Promise<unknown> {
    await using location = openAt("/nowhere", { target });
    return await location.stat(sample("config", 1).file, never).catch((error: unknown) => error);
  }

  test("one that nobody knows, and one that has changed, are denied", async () => {
    const known = `${server.knownHosts}-kept`;
    await rename(server.knownHosts, known);
    try {
      await writeFile(server.knownHosts, "");
      const unknown = await refusal(server.target());
      expect(unknown).toMatchObject({ kind: "denied", isPermanent: true });
      expect(String(unknown)).toMatch(/host key verification failed/i);
      const other = "AAAAC3NzaC1lZDI1NTE5AAAAIEbkYWWCzNFB6cV7dVhVTkc3dHfP1Bi5JTBlb0c0V3oA";
      await writeFile(server.knownHosts, `vault-host ssh-ed25519 ${other}\n`);
      expect(await refusal(server.target())).toMatchObject({ kind: "denied" });
    } finally {
      await rename(known, server.knownHosts);
    }
  });

  test("a key that is not the right one is denied", async () => {
    await rename(server.authorizedKeys, `${server.authorizedKeys}-kept`);
    try {
      const failure = await refusal(server.target());
      expect(failure).toMatchObject({ kind: "denied" });
      expect(String(failure)).toMatch(/permission denied/i);
    } finally {
      await rename(`${server.authorizedKeys}-kept`, server.authorizedKeys);
    }
  });

  test("a port where nobody listens is away, and so is a name that nobody knows", async () => {
    expect(await refusal({ ...server.target(), port: 1 })).toMatchObject({ kind: "away" });
    const nameless = { ...server.target(), host: "no-such-host.invalid" };
    expect(await refusal(nameless)).toMatchObject({ kind: "away" });
  });
});

test("what speaks no SFTP is strange, and so is a program that does not exist", async () => {
  const commands = [
    ["sh", "-c", "echo welcome to this machine; cat > /dev/null"],
    ["/no/such/program"],
  ];
  for (const command of commands) {
    await using location = openSftpLocation({
      target: { host: "unused" },
      folder: "/nowhere",
      name: "sftp:test",
      command,
      stallMs: 30_000,
    });
    const ask = location.stat(sample("config", 1).file, never);
    await expect(ask).rejects.toMatchObject({ name: "LocationFault", kind: "strange" });
  }
});

describe("what is put is on the disk of the server", () => {
  async function putThere(words: string): Promise<{ location: Location; log: string }> {
    const folder = join(temporaryFolder("location"), "vault");
    const logFile = `${folder}-log`;
    const command = `${program("sftp-server")} -e -l DEBUG3 ${words} 2> ${logFile}`;
    const unused = { target: { host: "unused" }, folder, name: "sftp:test" };
    const location = openSftpLocation({ ...unused, command: ["sh", "-c", command] });
    await location.prepare(never);
    await location.put(sample("config", 1).file, [sample("config", 1).bytes], never);
    await location[Symbol.asyncDispose]();
    return { location, log: await readFile(logFile, "utf8") };
  }

  test("L2: its content before it has its name, and the folder of its name then", async () => {
    const { location, log } = await putThere("");
    const steps = [...log.matchAll(/^(fsync|hardlink|remove) .*"|^sent status (?!Success).*/gm)];
    const ofConfig = steps.slice(-4).map(([, step]) => step);
    expect(ofConfig).toEqual(["fsync", "hardlink", "remove", "fsync"]);
    expect(location.notice).toBeUndefined();
  });

  test("L2: a server that cannot see to it is told of", async () => {
    const { location, log } = await putThere("-P fsync");
    expect(log).not.toMatch(/^fsync/m);
    expect(location.notice).toMatch(/^sftp:test: its server does not know fsync@openssh\.com/);
  });
});

test("connects again by itself after the connection was cut", async () => {
  await using scene = await openScene();
  const { location } = scene;
  await location.prepare(never);
  const { file, bytes } = sample("pack", 1);
  for (let round = 0; round < 3; round += 1) {
    path.cutAll();
    await until(() =>
      location.put(file, [bytes], never).then(
        () => true,
        () => false,
      ),
    );
    expect(await location.get(file, never)).toEqual(bytes);
    await location.remove(file, never);
  }
});

test("a relative folder begins where the login does", async () => {
  const name = `soulmirror-location-test-${process.pid}`;
  await using location = openAt(`${name}/deeper`);
  try {
    await location.prepare(never);
    const { file, bytes } = sample("pack", 1);
    await location.put(file, [bytes], never);
    expect(await location.get(file, never)).toEqual(bytes);
  } finally {
    await rm(join(process.env["HOME"] ?? "", name), { recursive: true, force: true });
  }
});

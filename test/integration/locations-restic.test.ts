/** What stock restic makes of our locations, and we of its repositories; and kills in between. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  openFileLocation,
  openSftpLocation,
  sshCommand,
} from "../../src/platform/locations/index.ts";
import { fileKinds, type Location } from "../../src/vault/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { listed, never, sample } from "../conformance/location-scene.ts";
import { until } from "../until.ts";
import { program } from "./servers/server-process.ts";
import { type SshServer, startSshServer } from "./servers/ssh-server.ts";

let server: SshServer;
beforeAll(async () => {
  server = await startSshServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const run = promisify(execFile);

async function restic(repository: string, ...words: readonly string[]): Promise<string> {
  const ssh = sshCommand(server.target()).join(" ");
  const options = ["--no-cache", "-r", repository, "-o", `sftp.command=${ssh}`];
  const { stdout } = await run(program("restic"), [...options, ...words], {
    env: { ...process.env, RESTIC_PASSWORD: "test" },
  });
  return stdout;
}

function tree(): string {
  const folder = temporaryFolder("tree");
  for (let number = 0; number < 40; number += 1) {
    writeFileSync(join(folder, `file-${number}`), sample("pack", number, 50_000).bytes);
  }
  return folder;
}

async function copyAll(from: Location, to: Location): Promise<void> {
  for (const kind of fileKinds) {
    for (const file of await listed(from, kind)) {
      await to.put(file, [await from.get(file, never)], never);
    }
  }
}

test("a repository of restic, copied by us from place to place, is one to restic", async () => {
  const [first, second, third] = ["first", "second", "third"].map((name) =>
    join(temporaryFolder("locations"), name),
  ) as [string, string, string];
  await restic(first, "init");
  await restic(first, "backup", tree());
  await using here = openFileLocation({ folder: first });
  await using there = openSftpLocation({
    target: server.target(),
    folder: second,
    name: "sftp:second",
  });
  await using back = openFileLocation({ folder: third });
  await there.prepare(never);
  await copyAll(here, there);
  const far = `sftp:${server.host}:${second}`;
  expect(await restic(far, "check", "--read-data")).toContain("no errors were found");
  await restic(far, "backup", tree());
  await restic(far, "forget", "--keep-last", "1", "--prune");
  await back.prepare(never);
  await copyAll(there, back);
  expect(await restic(third, "check", "--read-data")).toContain("no errors were found");
  for (const path of readdirSync(first)) {
    expect(statSync(join(third, path)).mode).toBe(statSync(join(first, path)).mode);
  }
  for (const folder of ["keys", "snapshots", "index"]) {
    for (const name of readdirSync(join(third, folder))) {
      expect(statSync(join(third, folder, name)).mode & 0o777).toBe(0o400);
    }
  }
});

test("F1: a kill in the middle of a put leaves nothing that anybody lists", async () => {
  const folder = join(temporaryFolder("locations"), "vault");
  await restic(folder, "init");
  const child = spawn(process.execPath, [join(import.meta.dirname, "location-writer.ts"), folder]);
  afterwards(() => child.kill("SIGKILL"));
  const partial = () =>
    readdirSync(join(folder, "data"), { recursive: true, encoding: "utf8" }).filter((name) =>
      name.includes("-tmp-"),
    );
  await until(() => partial().length > 0, { everyMs: 0 });
  child.kill("SIGKILL");
  await once(child, "exit");
  await using location = openFileLocation({ folder });
  for (const file of await listed(location, "pack")) {
    expect((await location.get(file, never)).length).toBe(file.sizeBytes);
    expect(file.sizeBytes).toBe(40_000_000);
    await location.remove(file, never);
  }
  expect(await restic(folder, "check", "--read-data")).toContain("no errors were found");
});

test("F1: what was left a day ago goes with a list, and nothing else does", async () => {
  const folder = join(temporaryFolder("locations"), "vault");
  await using location = openFileLocation({ folder });
  await location.prepare(never);
  const { id } = sample("pack", 1).file;
  const names = [`${id}-tmp-0123456789abcdef`, `${id}-tmp-123456`, `${id}-tmp-fedcba9876543210`];
  const inData = join(folder, "data", id.slice(0, 2));
  for (const name of names) writeFileSync(join(inData, name), "part");
  const before = Date.now() / 1000 - 2 * 86_400;
  for (const name of names.slice(0, 2)) utimesSync(join(inData, name), before, before);
  expect(await listed(location, "pack")).toEqual([]);
  expect(readdirSync(inData).toSorted()).toEqual(names.slice(1).toSorted());
});

test("F2, F3: an empty folder in the place of a disk is neither filled nor believed", async () => {
  const folder = join(temporaryFolder("locations"), "vault");
  mkdirSync(folder);
  await using location = openFileLocation({ folder });
  const { file, bytes } = sample("pack", 1);
  const away = { kind: "away", isPermanent: false };
  await expect(location.put(file, [bytes], never)).rejects.toMatchObject(away);
  await expect(location.get(file, never)).rejects.toMatchObject(away);
  await expect(location.stat(file, never)).rejects.toMatchObject(away);
  await expect(location.remove(file, never)).rejects.toMatchObject(away);
  await expect(listed(location, "pack")).rejects.toMatchObject(away);
  await expect(listed(location, "snapshot")).rejects.toMatchObject(away);
  expect(readdirSync(folder)).toEqual([]);
});

test("F2: folders that a copy has left out are made again", async () => {
  const folder = join(temporaryFolder("locations"), "vault");
  mkdirSync(folder);
  writeFileSync(join(folder, "config"), "of a repository");
  await using location = openFileLocation({ folder });
  expect(await listed(location, "pack")).toEqual([]);
  for (const kind of ["pack", "lock"] as const) {
    const { file, bytes } = sample(kind, 1);
    await location.put(file, [bytes], never);
    expect(await location.get(file, never)).toEqual(bytes);
  }
});

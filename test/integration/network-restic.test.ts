/** Stock restic over our store of objects and our server; and its repositories, read by us. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { RestLocation } from "../../src/platform/locations/rest/index.ts";
import { S3Location } from "../../src/platform/locations/s3/index.ts";
import { openVaultServer } from "../../src/platform/vault-server/index.ts";
import { realClock } from "../../src/system/index.ts";
import { fileKinds, type Location } from "../../src/vault/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { listed, never, sample } from "../conformance/location-scene.ts";
import { until } from "../until.ts";
import { startS3Server, testKey } from "./servers/s3-server.ts";
import { program } from "./servers/server-process.ts";

const run = promisify(execFile);
const environment = {
  ...process.env,
  RESTIC_PASSWORD: "test",
  AWS_ACCESS_KEY_ID: testKey.accessKeyId,
  AWS_SECRET_ACCESS_KEY: testKey.secretAccessKey,
};

async function restic(repository: string, ...words: readonly string[]): Promise<string> {
  const all = ["--no-cache", "-r", repository, ...words];
  const { stdout } = await run(program("restic"), all, { env: environment });
  return stdout;
}

function tree(files: number): string {
  const folder = temporaryFolder("tree");
  for (let number = 0; number < files; number += 1) {
    writeFileSync(join(folder, `file-${number}`), sample("pack", number, 50_000).bytes);
  }
  return folder;
}

/** Everything that restic does with a repository, and what comes back. */
async function wholeLife(repository: string): Promise<void> {
  const source = tree(30);
  await restic(repository, "init");
  await restic(repository, "backup", source);
  writeFileSync(join(source, "file-3"), "changed");
  await restic(repository, "backup", source);
  expect(await restic(repository, "check", "--read-data")).toContain("no errors were found");
  await restic(repository, "forget", "--keep-last", "1", "--prune");
  expect(await restic(repository, "check", "--read-data")).toContain("no errors were found");
  await restored(repository, source);
}

async function restored(repository: string, source: string): Promise<void> {
  const target = temporaryFolder("restored");
  await restic(repository, "restore", "latest", "--target", target);
  const names = readdirSync(source);
  expect(readdirSync(join(target, source)).toSorted()).toEqual(names.toSorted());
  for (const name of names) {
    const [is, was] = [join(target, source, name), join(source, name)].map((at) =>
      readFileSync(at),
    );
    expect(is?.equals(was as Buffer)).toBe(true);
  }
}

async function copyAll(from: Location, to: Location): Promise<number> {
  await to.prepare(never);
  let files = 0;
  for (const kind of fileKinds) {
    for (const file of await listed(from, kind)) {
      await to.put(file, [await from.get(file, never)], never);
      files += 1;
    }
  }
  return files;
}

test("restic lives in a bucket that verifies signatures and lists by fives", async () => {
  await using server = await startS3Server({ maxKeys: 5 });
  await wholeLife(`s3:http://127.0.0.1:${server.port}/vault/its/place`);
  expect(server.asked.filter((each) => each.startsWith("DELETE")).length).toBeGreaterThan(2);
});

test("restic lives on our server", async () => {
  await using server = await openVaultServer({
    folder: temporaryFolder("vault-server"),
    clock: realClock,
  });
  await wholeLife(`rest:${server.url}its/place/`);
});

test("what we copy from its bucket to our server and back is a repository to restic", async () => {
  await using bucket = await startS3Server();
  await using server = await openVaultServer({
    folder: temporaryFolder("vault-server"),
    clock: realClock,
  });
  const endpoint = `http://127.0.0.1:${bucket.port}`;
  const at = (prefix: string): S3Location =>
    new S3Location({
      address: { kind: "s3", bucket: "vault", prefix, endpoint },
      clock: realClock,
      credentials: () => testKey,
    });
  const source = tree(20);
  await restic(`s3:${endpoint}/vault/first`, "init");
  await restic(`s3:${endpoint}/vault/first`, "backup", source);
  await using first = at("first");
  await using second = at("second");
  await using between = new RestLocation({ address: { kind: "rest", url: `${server.url}r/` } });
  const files = await copyAll(first, between);
  expect(files).toBeGreaterThanOrEqual(5);
  expect(await copyAll(between, second)).toBe(files);
  for (const place of [`rest:${server.url}r/`, `s3:${endpoint}/vault/second`]) {
    expect(await restic(place, "check", "--read-data")).toContain("no errors were found");
    await restored(place, source);
    await restic(place, "backup", source);
  }
});

test("append-only: restic backs up and unlocks, and forgets nothing", async () => {
  const refused: string[] = [];
  const folder = temporaryFolder("vault-server");
  await using server = await openVaultServer({
    folder,
    clock: realClock,
    isAppendOnly: true,
    onNotice: ({ method, status, path }) => refused.push(`${method} ${status} ${path}`),
  });
  const repository = `rest:${server.url}`;
  const source = tree(5);
  await restic(repository, "init");
  await restic(repository, "backup", source);
  writeFileSync(join(source, "file-3"), "changed");
  await restic(repository, "backup", source);
  const words = ["--no-cache", "-r", repository, "forget", "--keep-last", "1", "--prune"];
  const forget = spawn(program("restic"), words, { env: environment, stdio: "ignore" });
  afterwards(() => forget.kill("SIGKILL"));
  const gone = once(forget, "exit");
  // It would ask again for minutes.
  await until(() => refused.some((each) => each.startsWith("DELETE 403 /snapshots/")));
  forget.kill("SIGKILL");
  await gone;
  expect(readdirSync(join(folder, "locks"))).toHaveLength(1);
  await restic(repository, "unlock", "--remove-all");
  expect(readdirSync(join(folder, "locks"))).toEqual([]);
  expect(readdirSync(join(folder, "snapshots"))).toHaveLength(2);
  await restic(repository, "backup", source);
  expect(await restic(repository, "check", "--read-data")).toContain("no errors were found");
  // The same folder, without the server between.
  expect(await restic(folder, "check", "--read-data")).toContain("no errors were found");
});

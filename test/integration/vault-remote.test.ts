/**
 * Heal and prune where a location is behind SFTP, in a bucket, or behind a vault server, over a
 * path that is cut again and again: what is begun is whole, and the next run ends it.
 */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  openFileLocation,
  openSftpLocation,
  RestLocation,
  S3Location,
} from "../../src/platform/locations/index.ts";
import { openVaultServer } from "../../src/platform/vault-server/index.ts";
import { realClock } from "../../src/system/index.ts";
import type { Location } from "../../src/vault/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { RoughPath } from "./servers/rough-path.ts";
import { startS3Server, testKey } from "./servers/s3-server.ts";
import { startSshServer } from "./servers/ssh-server.ts";
import { makeVault, restic, type WorkPlace, work } from "./vault-work.ts";

// What stock restic knows the bucket by.
process.env["AWS_ACCESS_KEY_ID"] = testKey.accessKeyId;
process.env["AWS_SECRET_ACCESS_KEY"] = testKey.secretAccessKey;

/** Of each connection; a pack is smaller, a whole heal is larger. */
const cutAfterBytes = 200_000;

interface Remote {
  readonly path: RoughPath;
  /** By the path. */
  readonly open: () => Location;
  /** For restic, which goes there by a better path. */
  readonly repository: string;
  /** Below the repository, behind the server's back. */
  readonly names: (folder: string) => readonly string[];
  readonly remove: (name: string) => void;
  readonly plant: (name: string, bytes: Buffer) => void;
}

async function roughPathTo(port: number): Promise<RoughPath> {
  const path = await RoughPath.to(port);
  afterwards(() => path[Symbol.asyncDispose]());
  return path;
}

function onDisk(repository: string): Pick<Remote, "names" | "plant" | "remove" | "repository"> {
  const remove = (name: string): void => rmSync(join(repository, name));
  return {
    repository,
    remove,
    names: (folder) =>
      readdirSync(join(repository, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => /[0-9a-f]{64}$/.test(name))
        .map((name) => `${folder}/${name}`)
        .toSorted(),
    plant(name, bytes) {
      remove(name);
      writeFileSync(join(repository, name), bytes, { mode: 0o600 });
    },
  };
}

const remotes: Readonly<Record<string, () => Promise<Remote>>> = {
  async sftp() {
    const server = await startSshServer();
    afterwards(() => server[Symbol.asyncDispose]());
    const path = await roughPathTo(server.port);
    const folder = join(temporaryFolder("vault-remote"), "there");
    const target = server.target(path.port);
    return {
      path,
      open: () => openSftpLocation({ target, folder, name: "sftp:there" }),
      ...onDisk(folder),
    };
  },
  async s3() {
    const server = await startS3Server({ maxKeys: 7 });
    afterwards(() => server[Symbol.asyncDispose]());
    const path = await roughPathTo(server.port);
    const bucket = server.buckets.get("vault");
    if (bucket === undefined) throw new Error("the server begins with its bucket");
    const address = {
      kind: "s3",
      bucket: "vault",
      prefix: "its/place",
      endpoint: `http://127.0.0.1:${path.port}`,
    } as const;
    return {
      path,
      open: () => new S3Location({ address, clock: realClock, credentials: () => testKey }),
      repository: `s3:http://127.0.0.1:${server.port}/vault/its/place`,
      names: (folder) =>
        [...bucket.objects.keys()]
          .filter((key) => key.startsWith(`its/place/${folder}/`))
          .map((key) => key.slice("its/place/".length))
          .toSorted(),
      remove: (name) => void bucket.objects.delete(`its/place/${name}`),
      plant: (name, bytes) => bucket.plant(`its/place/${name}`, bytes),
    };
  },
  async rest() {
    const folder = temporaryFolder("vault-server");
    const server = await openVaultServer({ folder, clock: realClock });
    afterwards(() => server[Symbol.asyncDispose]());
    const path = await roughPathTo(Number(new URL(server.url).port));
    const address = { kind: "rest", url: `http://127.0.0.1:${path.port}/there/` } as const;
    return { path, open: () => new RestLocation({ address }), ...onDisk(join(folder, "there")) };
  },
};

async function backUpOften(place: WorkPlace): Promise<void> {
  for (let round = 0; round < 6; round += 1) {
    for (const name of ["one", "two", `file-${round}`]) {
      writeFileSync(join(place.folder, "source", name), randomBytes(50_000));
    }
    await work(place, "backup");
  }
}

/** With the cuts it may be done or not; without them it is. */
async function workThroughCuts(place: WorkPlace, { path }: Remote, verb: "heal" | "prune") {
  const before = path.cuts;
  path.cutAfter(cutAfterBytes);
  const told = await work(place, verb).then(
    () => "done",
    (error: unknown) => String(error),
  );
  expect({ told, isCut: path.cuts > before }).toMatchObject({ isCut: true });
  path.mend();
  await work(place, verb);
}

test.each(Object.keys(remotes))(
  "%s: healed and pruned over a path that is cut",
  async (kind) => {
    const remote = (await remotes[kind]?.()) as Remote;
    const folder = temporaryFolder("vault-remote");
    const here = join(folder, "here");
    const place: WorkPlace = {
      folder,
      locations: () => [openFileLocation({ folder: here }), remote.open()],
    };
    await makeVault(place);
    await backUpOften(place);
    const bothAreSound = async (): Promise<void> => {
      for (const repository of [here, remote.repository]) {
        expect(await restic(repository, "check", "--read-data")).toContain("no errors were found");
      }
    };

    const before = remote.names("snapshots");
    const [gone = "", torn = "", ...packs] = remote.names("data");
    for (const name of [gone, before[0] ?? "", remote.names("index")[0] ?? ""]) remote.remove(name);
    for (const name of [torn, before[1] ?? "", remote.names("index").at(-1) ?? ""]) {
      remote.plant(name, randomBytes(400));
    }
    onDisk(here).plant(packs.at(-1) ?? "", randomBytes(400));
    await workThroughCuts(place, remote, "heal");
    expect(remote.names("snapshots")).toEqual(before);
    expect(onDisk(here).names("snapshots")).toEqual(before);
    await bothAreSound();

    await workThroughCuts(place, remote, "prune");
    expect(remote.names("snapshots")).toHaveLength(3);
    expect(onDisk(here).names("snapshots")).toEqual(remote.names("snapshots"));
    expect(onDisk(here).names("data")).toEqual(remote.names("data"));
    await bothAreSound();
    const target = join(folder, "restored");
    await restic(remote.repository, "restore", "latest", "--target", target);
    execFileSync("diff", ["-r", join(folder, "source"), join(target, folder, "source")]);
  },
  400_000,
);

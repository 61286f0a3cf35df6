/**
 * Keys, configs, packed JSON and where files are cut, against the real restic: what it wrote we
 * read, and what we wrote it reads.
 */
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createKernels, deriveKey } from "../../src/platform/kernels/index.ts";
import { choosePolynomial } from "../../src/vault/chunk/polynomial.ts";
import { openConfig, sealConfig } from "../../src/vault/format/config.ts";
import { createKeyFile, openKeyFile } from "../../src/vault/format/keys.ts";
import { openJson } from "../../src/vault/format/packed-json.ts";
import { createSealer, type Sealer, type SealKeys } from "../../src/vault/format/seal.ts";
import { temporaryFolder } from "../afterwards.ts";

const kernels = createKernels();
const tools = { kernels, derive: deriveKey };
const passphrase = "correct hörse";

function restic(repository: string, ...words: string[]): string {
  const env = { ...process.env, RESTIC_PASSWORD: passphrase, RESTIC_REPOSITORY: repository };
  return execFileSync("restic", ["--no-cache", "--quiet", ...words], { env, encoding: "utf8" });
}

/** The files of a folder with their bytes. */
function filesOf(folder: string): { name: string; bytes: Buffer }[] {
  return readdirSync(folder).map((name) => ({ name, bytes: readFileSync(join(folder, name)) }));
}

async function keysOf(file: Uint8Array, words = passphrase): Promise<SealKeys> {
  const opened = await openKeyFile(file, words, tools);
  if (!opened.ok) throw opened.error;
  return opened.value;
}

async function sealerOf(repository: string): Promise<Sealer> {
  const [key] = filesOf(join(repository, "keys"));
  return createSealer(await keysOf(key?.bytes ?? Buffer.of()), kernels);
}

function idOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

describe("a repository of restic", () => {
  it("opens with each of its passphrases, and with no other", async () => {
    const folder = temporaryFolder("vault-format");
    const repository = join(folder, "repository");
    restic(repository, "init", "--repository-version", "2");
    writeFileSync(join(folder, "second"), "another one");
    restic(repository, "key", "add", "--new-password-file", join(folder, "second"));
    const found = [];
    for (const { name, bytes } of filesOf(join(repository, "keys"))) {
      expect(idOf(bytes)).toBe(name);
      for (const words of [passphrase, "another one", "none"]) {
        const opened = await openKeyFile(bytes, words, tools);
        found.push(opened.ok ? opened.value : opened.error.code);
      }
    }
    const wrong = found.filter((each) => each === "VAULT_PASSPHRASE_WRONG");
    const [master, again, ...more] = found.filter((each) => typeof each === "object");
    expect([wrong.length, more.length]).toEqual([4, 0]);
    expect(master).toEqual(again);
    const told: unknown = JSON.parse(restic(repository, "cat", "masterkey"));
    const { encrypt, macK, macR } = master as SealKeys;
    const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
    expect(told).toEqual({ mac: { k: base64(macK), r: base64(macR) }, encrypt: base64(encrypt) });
  });

  it("tells version 1 of the format", async () => {
    const repository = join(temporaryFolder("vault-format"), "repository");
    restic(repository, "init", "--repository-version", "1");
    const config = readFileSync(join(repository, "config"));
    expect(openConfig(config, await sealerOf(repository))).toMatchObject({
      error: { code: "CONFLICT" },
    });
  });

  it("cuts files where we cut them, and its JSON is read", async () => {
    const folder = temporaryFolder("vault-format");
    const repository = join(folder, "repository");
    const content = Buffer.concat([randomBytes(20_000_000), Buffer.alloc(3_000_000)]);
    writeFileSync(join(folder, "file"), content);
    restic(repository, "init", "--repository-version", "2");
    restic(repository, "backup", join(folder, "file"));

    const sealer = await sealerOf(repository);
    const config = openConfig(readFileSync(join(repository, "config")), sealer);
    if (!config.ok) throw config.error;
    const told = JSON.parse(restic(repository, "cat", "config")) as { id: string };
    expect(config.value.id).toBe(told.id);

    const ids = new Set<string>();
    const cutter = kernels.createCutter({ polynomial: config.value.polynomial });
    for (let rest: Uint8Array = content; rest.length > 0; ) {
      const end = cutter.next(rest);
      ids.add(idOf(end === -1 ? rest : rest.subarray(0, end)));
      rest = end === -1 ? new Uint8Array(0) : rest.subarray(end);
    }
    const blobs = filesOf(join(repository, "index")).flatMap(({ name, bytes }) => {
      const index = openJson(bytes, sealer, { name });
      if (!index.ok) throw index.error;
      const { packs } = index.value as { packs: { blobs: { id: string; type: string }[] }[] };
      return packs.flatMap((pack) => pack.blobs);
    });
    const data = blobs.filter(({ type }) => type === "data").map(({ id }) => id);
    expect(ids.size).toBeGreaterThan(8);
    expect(data.toSorted()).toEqual([...ids].toSorted());
  });
});

describe("a repository of ours", () => {
  it("opens in restic, which then works in it", async () => {
    const folder = temporaryFolder("vault-format");
    const repository = join(folder, "repository");
    for (const part of ["keys", "data", "index", "snapshots", "locks"]) {
      mkdirSync(join(repository, part), { recursive: true });
    }
    const keys = { encrypt: randomBytes(32), macK: randomBytes(16), macR: randomBytes(16) };
    const file = await createKeyFile(
      {
        keys,
        passphrase,
        salt: randomBytes(64),
        nonce: randomBytes(16),
        created: "2026-11-20T14:00:00.000Z",
        username: "ann",
        hostname: "home",
      },
      tools,
    );
    writeFileSync(join(repository, "keys", idOf(file)), file);
    const config = {
      id: randomBytes(32).toString("hex"),
      polynomial: choosePolynomial((count) => randomBytes(count)),
    };
    const sealer = createSealer(keys, kernels);
    writeFileSync(join(repository, "config"), sealConfig(config, sealer, randomBytes(16)));

    const told = JSON.parse(restic(repository, "cat", "config")) as Record<string, unknown>;
    expect(told).toMatchObject({ version: 2, id: config.id });
    const master = JSON.parse(restic(repository, "cat", "masterkey")) as { encrypt: string };
    expect(master.encrypt).toBe(keys.encrypt.toString("base64"));
    writeFileSync(join(folder, "file"), randomBytes(3_000_000));
    restic(repository, "backup", join(folder, "file"));
    expect(restic(repository, "check", "--read-data")).toBe("");
  });
});

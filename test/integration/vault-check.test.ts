/**
 * What we call damage is what stock restic calls an error, file by file; and what we heal is sound
 * to it.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { realSurroundings } from "../../src/custodian/surroundings.ts";
import { createKernels, deriveKey } from "../../src/platform/kernels/index.ts";
import { openFileLocation } from "../../src/platform/locations/index.ts";
import { check, everyPack } from "../../src/vault/check/check.ts";
import { type Finding, isDamage } from "../../src/vault/check/finding.ts";
import {
  Codec,
  createSealer,
  type Unlocked,
  unlock,
  Vault,
  withSession,
} from "../../src/vault/index.ts";
import { type HealOutcome, heal } from "../../src/vault/repair/heal.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { never, sample } from "../conformance/location-scene.ts";
import { makeKeyCheap } from "./cheap-key.ts";

const run = promisify(execFile);
const passphrase = "correct hörse";
const kernels = createKernels();

async function restic(folder: string, ...words: readonly string[]): Promise<void> {
  const env = { ...process.env, RESTIC_PASSWORD: passphrase };
  await run("restic", ["--no-cache", "-q", "-r", folder, ...words], { env });
}

/** It asks for what is missing or too short again and again, for a minute: once is enough. */
async function isSoundToRestic(folder: string): Promise<boolean> {
  const words = ["--no-cache", "-q", "-r", folder, "check", "--read-data"];
  const env = { ...process.env, RESTIC_PASSWORD: passphrase };
  const child = spawn("restic", words, { env, stdio: ["ignore", "ignore", "pipe"] });
  afterwards(() => child.kill("SIGKILL"));
  child.stderr.on("data", (said: Buffer) => {
    if (said.includes("retrying after")) child.kill("SIGKILL");
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code === null) await restic(folder, "unlock");
  return code === 0;
}

class Scene {
  readonly folders: readonly [string, ...string[]];
  #unlocked: Unlocked | undefined;

  constructor(folders: readonly [string, ...string[]]) {
    this.folders = folders;
  }

  static async open(): Promise<Scene> {
    const root = temporaryFolder("vault-check");
    const source = join(root, "source");
    mkdirSync(source);
    for (let number = 0; number < 6; number += 1) {
      writeFileSync(join(source, `file${number}`), sample("pack", number, 4000).bytes);
    }
    const folders = [join(root, "a"), join(root, "b")] as const;
    await restic(folders[0], "init");
    await restic(folders[0], "backup", source);
    writeFileSync(join(source, "another"), sample("pack", 99, 5000).bytes);
    await restic(folders[0], "backup", source);
    await makeKeyCheap([openFileLocation({ folder: folders[0] })], passphrase);
    cpSync(...folders, { recursive: true });
    return new Scene(folders);
  }

  /** A copy of one of its folders, where nobody can help. */
  alone(): Scene {
    const folder = join(temporaryFolder("vault-check"), "a");
    cpSync(this.folders[0], folder, { recursive: true });
    return new Scene([folder]);
  }

  async #vault(): Promise<{ readonly vault: Vault; readonly unlocked: Unlocked }> {
    const locations = this.folders.map((folder) => openFileLocation({ folder }));
    if (this.#unlocked === undefined) {
      const tools = { kernels, derive: deriveKey };
      const result = await unlock({ locations, passphrase, tools, signal: never });
      if (!result.ok) throw result.error;
      this.#unlocked = result.value;
    }
    const surroundings = realSurroundings();
    const sealer = createSealer(this.#unlocked.keys, kernels);
    const codec = new Codec(sealer, (length) => surroundings.randomBytes(length));
    const vault = new Vault({ locations, codec, surroundings, onDamage: () => {} });
    return { vault, unlocked: this.#unlocked };
  }

  async findings(): Promise<readonly Finding[]> {
    const { vault } = await this.#vault();
    const { findings, left } = await withSession(
      vault,
      { isExclusive: false, readsIndexes: false, signal: never },
      (session) => check(session, { reads: everyPack }),
    );
    expect(left).toEqual([]);
    return findings;
  }

  /** `kind problem` of everything that is damage. */
  async check(): Promise<readonly string[]> {
    const findings = await this.findings();
    expect(new Set(findings.map(({ location }) => location)).size).toBeLessThan(2);
    return findings.filter(isDamage).map(({ kind, problem }) => `${kind} ${problem}`);
  }

  async heal(): Promise<HealOutcome> {
    const { unlocked, vault } = await this.#vault();
    return await withSession(
      vault,
      { isExclusive: true, readsIndexes: false, signal: never },
      (session) => heal(session, { unlocked, reads: everyPack }),
    );
  }
}

/** Of packs those with contents come first, which are the largest, or last those with trees. */
function filesIn(folder: string, kind: string): readonly string[] {
  const path = join(folder, kind === "trees" ? "data" : kind);
  if (kind === "config") return [path];
  const names = readdirSync(path, { recursive: true, withFileTypes: true });
  const paths = names
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
  if (kind !== "data" && kind !== "trees") return paths;
  const bySize = paths.toSorted((left, right) => statSync(right).size - statSync(left).size);
  return kind === "data" ? bySize : bySize.toReversed();
}

/** @param at from the beginning, or when negative from the end */
function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  const place = at < 0 ? bytes.length + at : at;
  bytes[place] = (bytes[place] ?? 0) ^ 4;
  chmodSync(path, 0o600);
  writeFileSync(path, bytes);
}

function swap(left: string, right: string): void {
  renameSync(left, `${left}.tmp`);
  renameSync(right, left);
  renameSync(`${left}.tmp`, right);
}

const cut = (path: string): void => {
  chmodSync(path, 0o600);
  truncateSync(path, readFileSync(path).length >> 1);
};
const grow = (path: string): void => {
  chmodSync(path, 0o600);
  appendFileSync(path, "x");
};

interface Case {
  readonly name: string;
  readonly kind: string;
  readonly damage: (path: string, other: string) => void;
  /** Empty: restic finds no error, and we no damage. */
  readonly says: string;
}

const cases: readonly Case[] = [
  { name: "blob", kind: "data", damage: (path) => flip(path, 40), says: "pack damaged" },
  { name: "list", kind: "data", damage: (path) => flip(path, -30), says: "pack damaged" },
  { name: "trailer", kind: "data", damage: (path) => flip(path, -2), says: "pack damaged" },
  { name: "cut", kind: "data", damage: cut, says: "pack damaged" },
  { name: "gone", kind: "data", damage: (path) => rmSync(path), says: "pack missing" },
  { name: "grown", kind: "data", damage: grow, says: "pack damaged" },
  { name: "swapped", kind: "data", damage: swap, says: "pack damaged" },
  { name: "blob", kind: "trees", damage: (path) => flip(path, 40), says: "pack damaged" },
  { name: "cut", kind: "trees", damage: cut, says: "pack damaged" },
  { name: "gone", kind: "trees", damage: (path) => rmSync(path), says: "pack missing" },
  { name: "swapped", kind: "trees", damage: swap, says: "pack damaged" },
  { name: "flipped", kind: "index", damage: (path) => flip(path, 50), says: "index damaged" },
  { name: "cut", kind: "index", damage: cut, says: "index damaged" },
  { name: "swapped", kind: "index", damage: swap, says: "index damaged" },
  { name: "gone", kind: "index", damage: (path) => rmSync(path), says: "snapshot incomplete" },
  {
    name: "flipped",
    kind: "snapshots",
    damage: (path) => flip(path, 50),
    says: "snapshot damaged",
  },
  { name: "cut", kind: "snapshots", damage: cut, says: "snapshot damaged" },
  { name: "grown", kind: "snapshots", damage: grow, says: "snapshot damaged" },
  { name: "swapped", kind: "snapshots", damage: swap, says: "snapshot damaged" },
  { name: "gone", kind: "snapshots", damage: (path) => rmSync(path), says: "" },
  { name: "flipped", kind: "keys", damage: (path) => flip(path, -60), says: "key damaged" },
  { name: "cut", kind: "keys", damage: cut, says: "key damaged" },
  { name: "gone", kind: "keys", damage: (path) => rmSync(path), says: "key missing" },
  { name: "flipped", kind: "config", damage: (path) => flip(path, 30), says: "config damaged" },
  { name: "cut", kind: "config", damage: cut, says: "config damaged" },
  { name: "gone", kind: "config", damage: (path) => rmSync(path), says: "config missing" },
];

test("Q1: restic and we agree about every damage, and it comes back", {
  timeout: 900_000,
}, async () => {
  const scene = await Scene.open();
  const [folder] = scene.folders;
  expect(await scene.check()).toEqual([]);
  for (const { name, kind, damage, says } of cases) {
    const [path = "", other = ""] = filesIn(folder, kind);
    damage(path, other);
    const told = await scene.check();
    const isSound = await isSoundToRestic(folder);
    const hasSaid = says === "" ? told.length === 0 : told.includes(says);
    const expected = { kind, name, isSound: says === "", hasSaid: true, told };
    expect({ kind, name, isSound, hasSaid, told }).toEqual(expected);
    expect(await scene.heal()).toMatchObject({ findings: [], refusals: [], lost: [], left: [] });
    expect({ kind, name, told: await scene.check() }).toEqual({ kind, name, told: [] });
  }
  for (const each of scene.folders) expect(await isSoundToRestic(each)).toBe(true);
});

test("where nobody can help, the same is told exactly, and only what is mended is called so", {
  timeout: 900_000,
}, async () => {
  const scene = await Scene.open();
  for (const { name, kind, damage, says } of cases) {
    const alone = scene.alone();
    const [folder] = alone.folders;
    const [path = "", other = ""] = filesIn(folder, kind);
    damage(path, other);
    if (kind === "keys" || kind === "config") {
      // Nothing can be opened without them.
      await expect(alone.check()).rejects.toMatchObject({
        code: expect.stringMatching(/^VAULT_(DAMAGED|NOT_FOUND)$/) as string,
      });
      continue;
    }
    const findings = await alone.findings();
    const [word, problem] = says.split(" ");
    const id = problem === "incomplete" ? {} : { id: basename(path) };
    if (says !== "") {
      const expected = { location: `file:${folder}`, kind: word, problem, repairableFrom: [] };
      expect(findings, `${kind} ${name}`).toContainEqual(
        expect.objectContaining({ ...expected, ...id }),
      );
    }
    const { findings: left, lost, refusals } = await alone.heal();
    expect(refusals).toEqual([]);
    // What is lost is told once, and from then on what lacks it.
    const isMended = lost.length === 0 && left.filter(isDamage).length === 0;
    expect({ kind, name, isMended }).toEqual({
      kind,
      name,
      isMended: await isSoundToRestic(folder),
    });
    expect({ kind, name, isMended }).toEqual({ kind, name, isMended: canMendItself(kind, name) });
  }
});

/** From the packs and what the indexes say of them, if they are not lost both. */
function canMendItself(kind: string, name: string): boolean {
  if (kind === "index") return true;
  if (kind === "snapshots") return name === "gone";
  return ["list", "trailer", "grown", "swapped"].includes(name);
}

test("E2: damaged everywhere, each pack in another part: restic finds no error afterwards", async () => {
  const scene = await Scene.open();
  for (const [at, folder] of scene.folders.entries()) {
    for (const path of filesIn(folder, "data")) flip(path, at === 0 ? 40 : -30);
    const [index = ""] = filesIn(folder, "index");
    flip(index, 20 + at);
  }
  expect(await scene.heal()).toMatchObject({ findings: [], lost: [] });
  for (const folder of scene.folders) expect(await isSoundToRestic(folder)).toBe(true);
}, 300_000);

/** What the demo of the vault plays with: a tree of some 300 files, and where it is kept. */
import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { VaultOptions } from "../../src/public/vault.ts";

export interface Scene extends Disposable {
  readonly root: string;
  /** What is protected. */
  readonly tree: string;
  readonly locations: readonly string[];
  /** A fleet file that names all of it, for the agent. */
  readonly fleet: string;
  readonly vault: VaultOptions;
}

const passphrase = "of a demo, and of nothing else";

export function makeScene(): Scene {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "soulmirror-demo-")));
  const tree = join(root, "tier-0");
  const locations = ["vault-a", "vault-b", "vault-c"].map((name) => join(root, name));
  const fleet = join(root, "soulmirror.yaml");
  writeTree(tree);
  writeFileSync(join(root, "passphrase"), passphrase, { mode: 0o600 });
  writeFileSync(fleet, fleetText);
  return {
    root,
    tree,
    locations,
    fleet,
    vault: { locations, passphrase, dataFolder: join(root, ".soulmirror/vault/treasure") },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

const fleetText = `fleet: demo
services: {}
vaults:
  treasure:
    sources: [./tier-0]
    categories: { critical: ["production/**"], hidden: ["**/.hidden/**"] }
    locations: [./vault-a, ./vault-b, ./vault-c]
    passphrase: { file: ./passphrase }
`;

function writeTree(tree: string): void {
  const write = (name: string, content: string | Buffer): void => {
    const path = join(tree, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  };
  for (let number = 0; number < 45; number += 1) {
    const text = `account ${number}: ${number * 97} coins\n`.repeat(1 + (number % 40));
    write(`production/ledger/${number % 5}/account-${number}.txt`, text);
  }
  for (let number = 0; number < 24; number += 1) {
    write(`services/engine-${number % 6}/.hidden/key-${number}`, randomBytes(300));
  }
  for (let number = 0; number < 230; number += 1) {
    write(`documents/${number % 23}/page-${number}.md`, `# Page ${number}\n\n`.repeat(20));
  }
  for (let number = 0; number < 4; number += 1) {
    write(`media/recording-${number}.bin`, randomBytes(1 << 20));
  }
  write("production/deploy.sh", "#!/bin/sh\necho deployed\n");
  chmodSync(join(tree, "production/deploy.sh"), 0o750);
  symlinkSync("ledger/0", join(tree, "production/first"));
}

/** Of each path what can be compared: kind, rights, time and content. */
export function pictureOf(folder: string): ReadonlyMap<string, string> {
  const picture = new Map<string, string>();
  for (const name of namesBelow(folder)) {
    const path = join(folder, name);
    const stat = lstatSync(path, { bigint: true });
    const mode = (Number(stat.mode) & 0o7777).toString(8);
    if (stat.isDirectory()) picture.set(name, `folder ${mode}`);
    else if (stat.isSymbolicLink()) picture.set(name, `link ${readlinkSync(path)}`);
    else {
      const hash = createHash("sha256").update(readFileSync(path)).digest("hex");
      picture.set(name, `file ${mode} ${stat.mtimeNs} ${hash}`);
    }
  }
  return picture;
}

/** Links are not followed. */
function namesBelow(folder: string, above = ""): readonly string[] {
  return readdirSync(join(folder, above), { withFileTypes: true }).flatMap((entry) => {
    const name = join(above, entry.name);
    return entry.isDirectory() ? [name, ...namesBelow(folder, name)] : [name];
  });
}

/** Undefined: they are the same. */
export function difference(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string | undefined {
  for (const [name, seen] of before) {
    if (!after.has(name)) return `${name} is not there`;
    if (after.get(name) !== seen) return `${name} is not as it was`;
  }
  const more = [...after.keys()].find((name) => !before.has(name));
  return more === undefined ? undefined : `${more} was not there before`;
}

export function filesIn(picture: ReadonlyMap<string, string>): number {
  return [...picture.values()].filter((seen) => seen.startsWith("file")).length;
}

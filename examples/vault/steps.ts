/**
 * The acts of the demo. Each destroys something for real and resolves with what has proven that all
 * is well again; it rejects when nothing did. Proof is never what the vault says of itself alone:
 * the tree is compared, file by file, with what it was.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { openVault, type Vault, verifyVaultProof } from "../../src/public/vault.ts";
import type { LivingAgent } from "./living-agent.ts";
import { difference, filesIn, pictureOf, type Scene } from "./scene.ts";

export interface Stage {
  readonly scene: Scene;
  readonly vault: Vault;
  readonly agent: LivingAgent;
}

export interface Act {
  readonly name: string;
  /** What is done, for who watches. */
  readonly what: string;
  readonly play: (stage: Stage) => Promise<string>;
}

const limitMs = 90_000;

async function eventually(
  agent: LivingAgent,
  what: string,
  holds: () => Promise<boolean> | boolean,
) {
  const limit = AbortSignal.timeout(limitMs);
  while (!(await holds())) {
    agent.mustLive();
    if (limit.aborted) throw new Error(`not within ${limitMs / 1000} s: ${what}`);
    await pause(50);
  }
}

/** Destroys, and waits until the tree is what it was, and in a snapshot again. */
async function healed({ agent, scene, vault }: Stage, destroy: () => void): Promise<void> {
  const before = pictureOf(scene.tree);
  destroy();
  if (difference(before, pictureOf(scene.tree)) === undefined) throw new Error("nothing was lost");
  const isBack = (): boolean => {
    try {
      return difference(before, pictureOf(scene.tree)) === undefined;
    } catch {
      // What is being put back has a name of its own until it is whole.
      return false;
    }
  };
  await eventually(agent, "the tree is what it was", isBack);
  const isProtected = async (): Promise<boolean> => (await filesListed(vault)) === filesIn(before);
  await eventually(agent, "what was healed is in a snapshot", isProtected);
}

async function filesListed(vault: Vault): Promise<number> {
  let files = 0;
  for await (const { kind } of vault.list()) if (kind === "file") files += 1;
  return files;
}

export const protect: Act = {
  name: "protect",
  what: "an agent watches the tree and keeps it at three locations",
  play: async ({ agent, scene, vault }) => {
    await eventually(agent, "a snapshot", async () => (await vault.snapshots()).length > 0);
    const [snapshot] = await vault.snapshots();
    const files = await filesListed(vault);
    const there = filesIn(pictureOf(scene.tree));
    if (files !== there) throw new Error(`${files} files were protected of ${there}`);
    return `${files} files listed from the vault, at ${snapshot?.locations.length ?? 0} of 3 locations`;
  },
};

export const change: Act = {
  name: "change",
  what: "a file is written",
  play: async ({ agent, scene, vault }) => {
    const path = join(scene.tree, "production/fresh.txt");
    const before = (await vault.snapshots()).length;
    appendFileSync(path, "written a moment ago\n");
    let locations = 0;
    await eventually(agent, "a snapshot of the change", async () => {
      const snapshots = await vault.snapshots();
      locations = snapshots.at(-1)?.locations.length ?? 0;
      return snapshots.length > before && locations === 3;
    });
    const paths: string[] = [];
    for await (const each of vault.list({ paths: [path] })) paths.push(each.path);
    if (!paths.includes(path)) throw new Error("the newest snapshot does not have the file");
    return `in the newest snapshot, at ${locations} of 3 locations`;
  },
};

export const wipe: Act = {
  name: "rm -rf",
  what: "rm -rf production and all hidden folders",
  play: async (stage) => {
    const { tree } = stage.scene;
    await healed(stage, () => {
      rmSync(join(tree, "production"), { recursive: true });
      for (const name of readdirSync(join(tree, "services"))) {
        rmSync(join(tree, "services", name, ".hidden"), { recursive: true });
      }
    });
    return "every path, right, time and byte is what it was";
  },
};

export const rot: Act = {
  name: "rot",
  what: "a file turns into zeros; its name, size, inode and time stay",
  play: async (stage) => {
    const path = join(stage.scene.tree, "production/ledger/4/account-39.txt");
    await healed(stage, () => {
      const { atime, mtime, size } = statSync(path);
      const file = openSync(path, "r+");
      writeSync(file, Buffer.alloc(size));
      closeSync(file);
      utimesSync(path, atime, mtime);
    });
    return "the content is back, byte for byte";
  },
};

export const flip: Act = {
  name: "flipped bit",
  what: "one bit of a pack at vault-a flips",
  play: async ({ scene, vault }) => {
    const path = largestPack(scene.locations[0] ?? "");
    const id = path.split("/").at(-1) ?? "";
    const bytes = readFileSync(path);
    bytes[1000] = (bytes[1000] ?? 0) ^ 1;
    rmSync(path);
    writeFileSync(path, bytes);
    const { findings } = await vault.check({ readsData: true });
    const [found] = findings;
    if (findings.length !== 1 || found?.id !== id) throw new Error("it was not found as it is");
    const { isHealed } = await vault.heal();
    const hash = createHash("sha256").update(readFileSync(path)).digest("hex");
    if (!isHealed || hash !== id) throw new Error("the pack is not what its name says");
    return `pack ${id.slice(0, 8)} found, taken from ${found.repairableFrom.length} others, SHA-256 right`;
  },
};

export const lose: Act = {
  name: "lost location",
  what: "vault-b is deleted, all of it, and filled again",
  play: async ({ scene, vault }) => {
    const location = scene.locations[1] ?? "";
    rmSync(location, { recursive: true });
    const { isHealed, repairs } = await vault.heal({ refill: [`file:${location}`] });
    if (!isHealed) throw new Error("it could not be filled");
    const alone = { ...scene.vault, locations: [location] };
    await compareRestored(scene, async (target) => {
      await using only = await openVault(alone);
      await only.restore({ target, isVerified: true });
    });
    return `${repairs.length} files written; the tree restored from vault-b alone is the same`;
  },
};

export const drill: Act = {
  name: "drill",
  what: "a real restore into a scratch folder, compared and signed",
  play: async ({ scene, vault }) => {
    const outcome = (await vault.drill()).at(-1);
    const files = filesIn(pictureOf(scene.tree));
    if (outcome?.isProven !== true || outcome.files !== files) throw new Error("nothing is proven");
    return `${outcome.files} of ${files} files restored, not a byte differs`;
  },
};

export const prove: Act = {
  name: "proof",
  what: "the signed trail is verified offline; then one letter of a copy is changed",
  play: async ({ scene }) => {
    const folder = scene.vault.dataFolder;
    const { entries, isWhole, lastProven } = await verifyVaultProof({ folder });
    if (!isWhole || lastProven.length !== 1) throw new Error("the proof is not whole");
    const copy = join(scene.root, "forged");
    mkdirSync(copy);
    for (const name of ["audit.jsonl", "audit.head", "vault-proof.pub", "drills"]) {
      cpSync(join(folder, name), join(copy, name), { recursive: true });
    }
    const trail = join(copy, "audit.jsonl");
    writeFileSync(trail, readFileSync(trail, "utf8").replace("healed", "Healed"));
    if ((await verifyVaultProof({ folder: copy })).isWhole)
      throw new Error("a forgery was believed");
    return `${entries} entries are as they were signed; the forged copy is refused`;
  },
};

/** Where stock restic is installed. */
export const restic: Act = {
  name: "restic",
  what: "stock restic checks a location and restores from it",
  play: async ({ scene }) => {
    const [repository = ""] = scene.locations;
    const run = async (...words: readonly string[]): Promise<string> => {
      const env = { ...process.env, RESTIC_PASSWORD: scene.vault.passphrase };
      const all = ["--no-cache", "-r", repository, ...words];
      return (await promisify(execFile)("restic", all, { env })).stdout;
    };
    if (!(await run("check", "--read-data")).includes("no errors were found")) {
      throw new Error("restic finds errors");
    }
    await compareRestored(scene, async (target) => {
      await run("restore", "latest", "--target", target);
    });
    return "no errors were found; the tree restored by restic is the same";
  },
};

async function compareRestored(
  { root, tree }: Scene,
  restore: (target: string) => Promise<void>,
): Promise<void> {
  const target = join(root, "restored");
  await restore(target);
  const found = difference(pictureOf(tree), pictureOf(join(target, tree)));
  rmSync(target, { recursive: true });
  if (found !== undefined) throw new Error(`restored, ${found}`);
}

function largestPack(location: string): string {
  const data = join(location, "data");
  const [largest = ""] = readdirSync(data, { recursive: true, encoding: "utf8" })
    .map((name) => join(data, name))
    .filter((path) => statSync(path).isFile())
    .toSorted((left, right) => statSync(right).size - statSync(left).size);
  return largest;
}

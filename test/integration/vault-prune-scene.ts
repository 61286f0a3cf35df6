/** A vault in real folders, with stock restic beside it. */
import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { WorkerThreads } from "../../src/platform/content/index.ts";
import { createKernels, deriveKey } from "../../src/platform/kernels/index.ts";
import { openFileLocation } from "../../src/platform/locations/index.ts";
import { createTreeSource } from "../../src/platform/tree/index.ts";
import { createFileState } from "../../src/platform/vault-state/index.ts";
import { hasPid, randomPool, realClock, realTimers } from "../../src/system/index.ts";
import {
  Arrivals,
  type BackupOutcome,
  backUp,
  Codec,
  createSealer,
  Doubts,
  everything,
  initialise,
  listSnapshots,
  rawPathOfText,
  type Surroundings,
  Tombstones,
  unlock,
  Vault,
  withSession,
} from "../../src/vault/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { cheapCost } from "./cheap-key.ts";

const run = promisify(execFile);
const passphrase = "a passphrase of tests";
const { signal } = new AbortController();

export interface VaultScene {
  readonly vault: Vault;
  /** What is protected. */
  readonly source: string;
  readonly repositories: readonly string[];
  readonly arrivals: Arrivals;
  readonly tombstones: Tombstones;
  readonly doubts: Doubts;
  readonly backUp: () => Promise<BackupOutcome>;
  readonly restic: (repository: string, ...words: readonly string[]) => Promise<string>;
}

export async function vaultScene(locationCount: number): Promise<VaultScene> {
  const folder = temporaryFolder("vault-prune");
  const source = join(folder, "source");
  mkdirSync(source);
  const repositories = Array.from({ length: locationCount }, (_, at) => join(folder, `r${at}`));
  for (const repository of repositories) mkdirSync(repository);
  const locations = repositories.map((each) => openFileLocation({ folder: each }));
  const kernels = createKernels();
  const tools = { derive: deriveKey, kernels };
  const worker = { hostname: hostname(), username: "root", pid: process.pid, uid: 0, gid: 0 };
  const surroundings: Surroundings = {
    clock: realClock,
    timers: realTimers,
    randomBytes: randomPool(),
    worker,
    isAlive: hasPid,
  };
  await initialise({ locations, passphrase, tools, surroundings, signal, cost: cheapCost });
  const unlocked = await unlock({ locations, passphrase, tools, signal });
  if (!unlocked.ok) throw unlocked.error;
  const { config, keys } = unlocked.value;
  const codec = new Codec(createSealer(keys, kernels), surroundings.randomBytes);
  const onDamage = (damage: unknown): void => {
    throw new Error(`damage: ${JSON.stringify(damage)}`);
  };
  const vault = new Vault({ locations, codec, surroundings, onDamage });
  const threads = new WorkerThreads({ keys, polynomial: config.polynomial, threads: 1 });
  afterwards(() => threads[Symbol.asyncDispose]());
  const treeSource = createTreeSource({});
  return {
    vault,
    source,
    repositories,
    tombstones: await Tombstones.open({ file: createFileState(join(folder, "forgotten")), codec }),
    doubts: await Doubts.open({ file: createFileState(join(folder, "doubts")), codec }),
    arrivals: await Arrivals.open({ file: createFileState(join(folder, "arrivals")), codec }),
    backUp: () =>
      withSession(vault, { isExclusive: false, signal }, async (session) =>
        backUp(session, {
          sources: [rawPathOfText(source)],
          source: treeSource,
          threads,
          scope: everything,
          readAttributes: async () => ({ attributes: new Map(), failures: [] }),
          isExcluded: () => false,
          excludes: [],
          tags: [],
          programVersion: "soulmirror",
          parent: (await listSnapshots(session)).at(-1),
        }),
      ),
    async restic(repository, ...words) {
      const options = ["--no-cache", "--repo", repository, ...words];
      const env = { PATH: process.env["PATH"] ?? "", RESTIC_PASSWORD: passphrase, HOME: folder };
      const { stdout } = await run("restic", options, { env, maxBuffer: 1 << 26 });
      return stdout;
    },
  };
}

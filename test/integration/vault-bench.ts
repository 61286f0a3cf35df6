/** A vault over folders of this machine, as it is opened for users, and stock restic beside it. */
import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { realSurroundings } from "../../src/custodian/surroundings.ts";
import { WorkerThreads } from "../../src/platform/content/index.ts";
import { createKernels, deriveKey } from "../../src/platform/kernels/index.ts";
import { openFileLocation } from "../../src/platform/locations/index.ts";
import { createAttributeReader, createTreeSource } from "../../src/platform/tree/index.ts";
import {
  type BackupOptions,
  type BackupOutcome,
  backUp,
  Codec,
  createSealer,
  everything,
  type FoundDamage,
  initialise,
  type Location,
  listSnapshots,
  rawPathOfText,
  unlock,
  Vault,
  withSession,
} from "../../src/vault/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { cheapCost } from "./cheap-key.ts";

const run = promisify(execFile);
const passphrase = "correct horse battery staple";
const kernels = createKernels();
const tools = { derive: deriveKey, kernels };

export class VaultBench {
  readonly folders: readonly string[];
  readonly locations: readonly Location[];
  readonly damage: FoundDamage[] = [];
  readonly signal = AbortSignal.timeout(100_000);
  #opened: Promise<{ readonly vault: Vault; readonly threads: WorkerThreads }> | undefined;

  constructor(places = 1) {
    const root = temporaryFolder("vault");
    this.folders = Array.from({ length: places }, (_, number) => join(root, `place-${number}`));
    for (const folder of this.folders) mkdirSync(folder);
    this.locations = this.folders.map((folder) => openFileLocation({ folder }));
  }

  async init(): Promise<this> {
    const { locations, signal } = this;
    const common = { tools, surroundings: realSurroundings(), signal, cost: cheapCost };
    await initialise({ locations, passphrase, ...common });
    return this;
  }

  open(): Promise<{ readonly vault: Vault; readonly threads: WorkerThreads }> {
    return (this.#opened ??= this.#open());
  }

  /** The newest snapshot is the parent. */
  async backUp(source: string, changes: Partial<BackupOptions> = {}): Promise<BackupOutcome> {
    const { threads, vault } = await this.open();
    const options = { isExclusive: false, signal: this.signal };
    return withSession(vault, options, async (session) => {
      const parent = (await listSnapshots(session)).at(-1);
      return backUp(session, {
        sources: [rawPathOfText(source)],
        source: createTreeSource({}),
        threads,
        readAttributes: createAttributeReader({ warn: (message) => expectNothing(message) }),
        isExcluded: () => false,
        excludes: [],
        tags: [],
        scope: everything,
        parent,
        programVersion: "test",
        ...changes,
      });
    });
  }

  async restic(place: number, ...words: readonly string[]): Promise<string> {
    const args = ["--no-cache", "-r", this.folders[place] ?? "", ...words];
    const env = { ...process.env, RESTIC_PASSWORD: passphrase };
    const { stdout } = await run("restic", args, { env, maxBuffer: 64 << 20 });
    return stdout;
  }

  async #open(): Promise<{ readonly vault: Vault; readonly threads: WorkerThreads }> {
    const { locations, signal } = this;
    const unlocked = await unlock({ locations, passphrase, tools, signal });
    if (!unlocked.ok) throw unlocked.error;
    const { config, keys } = unlocked.value;
    const surroundings = realSurroundings();
    const codec = new Codec(createSealer(keys, kernels), surroundings.randomBytes);
    const onDamage = (damage: FoundDamage): void => void this.damage.push(damage);
    const vault = new Vault({ locations, codec, surroundings, onDamage });
    const { polynomial } = config;
    const threads = new WorkerThreads({ keys, polynomial, threads: 2 });
    afterwards(() => threads[Symbol.asyncDispose]());
    return { vault, threads };
  }
}

function expectNothing(message: string): never {
  throw new Error(message);
}

/** A vault in real folders, put together as the custodian does it: backed up, and restored. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { realSurroundings } from "../../src/custodian/surroundings.ts";
import { WorkerThreads } from "../../src/platform/content/index.ts";
import { createKernels, deriveKey } from "../../src/platform/kernels/index.ts";
import { openFileLocation } from "../../src/platform/locations/index.ts";
import { RestoreThreads, type RestoreThreadsOptions } from "../../src/platform/restore/index.ts";
import { createAttributeReader, createTreeSource } from "../../src/platform/tree/index.ts";
import {
  backUp,
  Codec,
  chooseParts,
  chooseSnapshot,
  createSealer,
  everything,
  type FoundDamage,
  hexOfId,
  initialise,
  listSnapshots,
  type PartsWish,
  type RawPath,
  type RestoredFile,
  type RestoreOptions,
  type RestoreTally,
  rawPathOfText,
  restore,
  type SealKeys,
  type Session,
  type StoredSnapshot,
  textOfRawPath,
  unlock,
  Vault,
  withSession,
} from "../../src/vault/index.ts";
import { cheapCost } from "./cheap-key.ts";

export const passphrase = "correct horse";
const tools = { kernels: createKernels(), derive: deriveKey };
const surroundings = realSurroundings();
const signal = new AbortController().signal;

export interface OpenVault {
  readonly vault: Vault;
  readonly keys: SealKeys;
  readonly polynomial: bigint;
  readonly damage: FoundDamage[];
}

export async function initialiseIn(folders: readonly string[]): Promise<void> {
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  const locations = folders.map((folder) => openFileLocation({ folder }));
  await initialise({ locations, passphrase, tools, surroundings, signal, cost: cheapCost });
}

export async function openIn(folders: readonly string[]): Promise<OpenVault> {
  const locations = folders.map((folder) => openFileLocation({ folder }));
  const unlocked = await unlock({ locations, passphrase, tools, signal });
  if (!unlocked.ok) throw unlocked.error;
  const { config, keys } = unlocked.value;
  const damage: FoundDamage[] = [];
  const onDamage = (found: FoundDamage): unknown => damage.push(found);
  const codec = new Codec(createSealer(keys, tools.kernels), surroundings.randomBytes);
  const vault = new Vault({ locations, codec, surroundings, onDamage });
  return { vault, keys, polynomial: config.polynomial, damage };
}

export async function backUpFolder(
  { keys, polynomial, vault }: OpenVault,
  folder: string,
): Promise<StoredSnapshot> {
  await using threads = new WorkerThreads({ keys, polynomial, threads: 1 });
  const options = {
    sources: [rawPathOfText(folder)],
    source: createTreeSource(),
    threads,
    readAttributes: createAttributeReader({ warn: () => undefined }),
    isExcluded: () => false,
    excludes: [],
    tags: [],
    scope: everything,
    parent: undefined,
    programVersion: "test",
  };
  const asReader = { isExclusive: false, signal };
  const { snapshot } = await withSession(vault, asReader, (session) => backUp(session, options));
  return snapshot;
}

export interface RestoreReport {
  readonly tally: RestoreTally;
  readonly stopped: string | undefined;
  readonly failures: readonly string[];
  readonly warnings: readonly string[];
  readonly files: readonly RestoredFile[];
}

export type RestoreWish = Partial<
  Pick<RestoreThreadsOptions, "overwrite" | "threads"> &
    Omit<RestoreOptions, "parts" | "target"> &
    PartsWish
> & {
  readonly snapshot?: StoredSnapshot;
};

/** The latest snapshot, unless one is given. */
export async function restoreTo(
  { keys, vault }: OpenVault,
  root: string,
  wish: RestoreWish = {},
): Promise<RestoreReport> {
  const { overwrite = "not-newer", paths, globs, threads = 2, ...others } = wish;
  const [failures, warnings]: [string[], string[]] = [[], []];
  const files: RestoredFile[] = [];
  const work = async (session: Session): Promise<RestoreReport> => {
    const chosen = chooseSnapshot(
      await listSnapshots(session),
      {},
      { wallMs: 0, offsetMsAt: () => 0 },
    );
    if (!chosen.ok) throw chosen.error;
    const snapshot = wish.snapshot ?? chosen.value;
    const parts = chooseParts({
      sources: snapshot.paths,
      ...(paths && { paths }),
      ...(globs && { globs }),
    });
    if (!parts.ok) throw new Error(parts.error);
    await using target = new RestoreThreads({
      keys,
      root: rawPathOfText(root),
      overwrite,
      threads,
      warn: (message) => warnings.push(message),
    });
    const onFailure = (path: RawPath, reason: string): unknown =>
      failures.push(`${textOfRawPath(path)}: ${reason}`);
    const { tally, stopped } = await restore(session, {
      tree: snapshot.tree,
      parts: parts.value,
      target,
      onFailure,
      onFile: (file) => files.push(file),
      ...others,
    });
    return { tally, stopped, failures, warnings, files };
  };
  const options = { isExclusive: false, mayGoWithoutLock: true, signal };
  return await withSession(vault, options, work);
}

/** The file of a pack. */
export function packFile(folder: string, id: Uint8Array | string): string {
  const name = typeof id === "string" ? id : hexOfId(id);
  return join(folder, "data", name.slice(0, 2), name);
}

/**
 * One backup, as a process: `node bench/vault-backup.ts REPOSITORY SOURCE [--init] [--attributes]`.
 * What `bench/vault.ts` measures; the passphrase is in `VAULT_PASSPHRASE`.
 */
import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { realSurroundings } from "../src/custodian/surroundings.ts";
import { WorkerThreads } from "../src/platform/content/index.ts";
import { createKernels, deriveKey } from "../src/platform/kernels/index.ts";
import { openFileLocation } from "../src/platform/locations/index.ts";
import { createAttributeReader, createTreeSource } from "../src/platform/tree/index.ts";
import {
  backUp,
  Codec,
  createSealer,
  everything,
  initialise,
  listSnapshots,
  rawPathOfText,
  unlock,
  Vault,
  withSession,
} from "../src/vault/index.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    init: { type: "boolean", default: false },
    attributes: { type: "boolean", default: false },
  },
});
const [folder, root] = positionals;
const passphrase = process.env["VAULT_PASSPHRASE"];
if (folder === undefined || root === undefined || passphrase === undefined) {
  throw new Error("say the repository and the source, and VAULT_PASSPHRASE");
}

const { signal } = new AbortController();
const kernels = createKernels();
const tools = { derive: deriveKey, kernels };
const surroundings = realSurroundings();
await using location = openFileLocation({ folder });
const locations = [location];

if (values.init) {
  mkdirSync(folder, { recursive: true });
  await initialise({ locations, passphrase, tools, surroundings, signal });
} else {
  const unlocked = await unlock({ locations, passphrase, tools, signal });
  if (!unlocked.ok) throw unlocked.error;
  const { config, keys } = unlocked.value;
  const codec = new Codec(createSealer(keys, kernels), surroundings.randomBytes);
  const vault = new Vault({ locations, codec, surroundings, onDamage: console.error });
  await using threads = new WorkerThreads({
    keys,
    polynomial: config.polynomial,
    threads: Math.min(8, availableParallelism()),
  });
  const readAttributes = values.attributes
    ? createAttributeReader({ warn: console.error })
    : async () => ({ attributes: new Map(), failures: [] });
  const outcome = await withSession(vault, { isExclusive: false, signal }, async (session) =>
    backUp(session, {
      sources: [rawPathOfText(root)],
      source: createTreeSource({}),
      threads,
      readAttributes,
      isExcluded: () => false,
      excludes: [],
      tags: [],
      scope: everything,
      parent: (await listSnapshots(session)).at(-1),
      programVersion: "soulmirror",
    }),
  );
  const { counts, failures } = outcome.tally;
  console.log(JSON.stringify({ ...counts, failures: failures.length, ...outcome.places[0] }));
}

/** Restores the latest snapshot of a vault in a folder: what `vault-restore.ts` measures. */
import { realSurroundings } from "../src/custodian/surroundings.ts";
import { createKernels, deriveKey } from "../src/platform/kernels/index.ts";
import { openFileLocation } from "../src/platform/locations/index.ts";
import { RestoreThreads } from "../src/platform/restore/index.ts";
import {
  Codec,
  chooseParts,
  createSealer,
  listSnapshots,
  rawPathOfText,
  restore,
  unlock,
  Vault,
  withSession,
} from "../src/vault/index.ts";

const [folder = "", root = "", threads = "2"] = process.argv.slice(2);
const { signal } = new AbortController();
const tools = { kernels: createKernels(), derive: deriveKey };
const locations = [openFileLocation({ folder })];
const passphrase = process.env["RESTIC_PASSWORD"] ?? "";
const unlocked = await unlock({ locations, passphrase, tools, signal });
if (!unlocked.ok) throw unlocked.error;
const { keys } = unlocked.value;
const surroundings = realSurroundings();
const codec = new Codec(createSealer(keys, tools.kernels), surroundings.randomBytes);
const onDamage = (): void => undefined;
const vault = new Vault({ locations, codec, surroundings, onDamage });
const outcome = await withSession(vault, { isExclusive: false, signal }, async (session) => {
  const snapshot = (await listSnapshots(session)).at(-1);
  const parts = chooseParts({ sources: [] });
  if (snapshot === undefined || !parts.ok) throw new Error("no snapshot");
  await using target = new RestoreThreads({
    keys,
    root: rawPathOfText(root),
    overwrite: "not-newer",
    threads: Number(threads),
    warn: (message) => process.stderr.write(`${message}\n`),
  });
  return await restore(session, { tree: snapshot.tree, parts: parts.value, target });
});
process.stdout.write(`${JSON.stringify(outcome)}\n`);
process.exitCode = outcome.tally.failed === 0 ? 0 : 1;

/**
 * One backup, as a process: `node bench/vault-backup.ts REPOSITORY SOURCE [--init]`.
 * What `bench/vault.ts` measures; the passphrase is in `VAULT_PASSPHRASE`.
 */
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { contentThreads } from "../src/custodian/content-threads.ts";
import { makeVault, openVault } from "../src/custodian/open-vault.ts";
import { openFileLocation } from "../src/platform/locations/index.ts";
import { createAttributeReader, createTreeSource } from "../src/platform/tree/index.ts";
import {
  backUp,
  everything,
  listSnapshots,
  rawPathOfText,
  withSession,
} from "../src/vault/index.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { init: { type: "boolean", default: false } },
});
const [folder, root] = positionals;
const passphrase = process.env["VAULT_PASSPHRASE"];
if (folder === undefined || root === undefined || passphrase === undefined) {
  throw new Error("say the repository and the source, and VAULT_PASSPHRASE");
}

const { signal } = new AbortController();
if (values.init) mkdirSync(folder, { recursive: true });
const opening = { locations: [openFileLocation({ folder })], passphrase, signal };
if (values.init) await makeVault(opening);
else await backUpOnce(root);

async function backUpOnce(source: string): Promise<void> {
  await using opened = await openVault(opening);
  await using threads = contentThreads(opened);
  const outcome = await withSession(opened.vault, { isExclusive: false, signal }, async (session) =>
    backUp(session, {
      sources: [rawPathOfText(source)],
      source: createTreeSource(),
      threads,
      readAttributes: createAttributeReader({ warn: console.error }),
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

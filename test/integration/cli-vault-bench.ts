/**
 * A small vault in two folders, worked in by the real command line and looked at by stock restic.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { openFileLocation } from "../../src/platform/locations/index.ts";
import { makeKeyCheap } from "./cheap-key.ts";
import { CliBench } from "./cli-bench.ts";
import { program } from "./servers/server-process.ts";

const run = promisify(execFile);

export const vaultPassphrase = "what nobody else knows";

export async function openVaultBench(): Promise<CliBench> {
  const bench = await CliBench.open();
  await bench.write("passphrase", `${vaultPassphrase}\n`);
  await bench.write("source/a/one.txt", "one");
  await bench.write("source/.hidden/two.txt", "two");
  await bench.write("source/skipped/three.txt", "three");
  return bench;
}

export async function writeVaultFleet(
  bench: CliBench,
  more = "",
  locations = "./first, ./second",
): Promise<void> {
  await bench.write(
    "soulmirror.yaml",
    `fleet: small
services: {}
vaults:
  treasure:
    sources: [./source]
    exclude: ["**/skipped"]
    locations: [${locations}]
    passphrase: { file: ./passphrase }
${more}`,
  );
}

/** `vault init`, and a key that is cheap to open by all that comes behind it. */
export async function initVault(
  bench: CliBench,
  repositories: readonly string[] = ["first", "second"],
): Promise<void> {
  const { code, err } = await bench.run("vault", "init");
  if (code !== 0) throw new Error(`vault init: ${code}: ${err}`);
  const folders = repositories.map((each) => bench.path(each));
  await makeKeyCheap(
    folders.map((folder) => openFileLocation({ folder })),
    vaultPassphrase,
  );
}

export async function resticIn(
  bench: CliBench,
  repository: string,
  ...words: readonly string[]
): Promise<string> {
  const options = ["--no-cache", "-r", repository, ...words];
  const env = { ...process.env, RESTIC_PASSWORD: vaultPassphrase };
  return (await run(program("restic"), options, { env, cwd: bench.folder })).stdout;
}

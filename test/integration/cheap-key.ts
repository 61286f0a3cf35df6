/**
 * Keys of vaults that are opened again and again: the right passphrase opens them, and only that;
 * to guess it takes no time, so that each opening, by us or by restic, saves half a second of work.
 */
import { createHash } from "node:crypto";
import { createKernels, deriveKey } from "../../src/platform/kernels/index.ts";
import { createKeyFile } from "../../src/vault/format/keys.ts";
import { type Location, unlock } from "../../src/vault/index.ts";

export const cheapCost = { N: 16, r: 8, p: 1 } as const;

const tools = { kernels: createKernels(), derive: deriveKey };

/** Instead of the dear one that restic, or the command line, has made. */
export async function makeKeyCheap(
  locations: readonly Location[],
  passphrase: string,
): Promise<void> {
  const { signal } = new AbortController();
  const unlocked = await unlock({ locations, passphrase, tools, signal });
  if (!unlocked.ok) throw unlocked.error;
  const { keyFiles, keys } = unlocked.value;
  const about = { created: new Date().toISOString(), username: "nobody", hostname: "nowhere" };
  const chance = { salt: new Uint8Array(64).fill(1), nonce: new Uint8Array(16).fill(1) };
  const secrets = { keys, passphrase, cost: cheapCost };
  const cheap = await createKeyFile({ ...secrets, ...chance, ...about }, tools);
  const id = createHash("sha256").update(cheap).digest("hex");
  for (const location of locations) {
    await location.put({ kind: "key", id }, [cheap], signal);
    for (const old of keyFiles.keys()) await location.remove({ kind: "key", id: old }, signal);
  }
}

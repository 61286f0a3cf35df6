import type { HeldSnapshot, Vault } from "../vault/index.ts";
import { arrivedSnapshots } from "./arrived-snapshots.ts";
import type { ReadableVault } from "./read-vault.ts";

export interface ShownSnapshot {
  readonly id: string;
  /** RFC 3339, in UTC. */
  readonly at: string;
  readonly hostname: string;
  readonly username: string;
  readonly paths: readonly string[];
  readonly tags: readonly string[];
  /** Names of those that hold it. */
  readonly locations: readonly string[];
}

/**
 * As they came, the latest one last, of all locations together. No lock is taken, for nothing but
 * names is relied on.
 */
export async function snapshotsOf(readable: ReadableVault): Promise<readonly ShownSnapshot[]> {
  const { folder, vault } = readable;
  const held = await arrivedSnapshots(readable, folder);
  return held.map((each) => shownOf(vault, each));
}

export function shownOf({ places }: Vault, snapshot: HeldSnapshot): ShownSnapshot {
  const { hostname, id, paths, tags, timeNs, username } = snapshot;
  const at = new Date(Number(timeNs / 1_000_000n)).toISOString();
  const locations = places
    .filter(({ bit }) => (snapshot.locations & bit) !== 0)
    .map(({ name }) => name);
  return { id, at, hostname, username, paths, tags, locations };
}

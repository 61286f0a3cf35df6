/**
 * `soulmirror/vault`: backups in the public restic format, to several places at once, for programs
 * that make them on their own. A fleet has its vaults in its file, and `soulmirror vault` for them.
 */
import { makeVault, openVault as openOn, snapshotsOf } from "../custodian/index.ts";
import { needZstd } from "../vault/index.ts";
import { backUp } from "./vault/backing-up.ts";
import { checked, drilled, healed, proven, pruned } from "./vault/caring.ts";
import { openingOf, readableOf } from "./vault/opening.ts";
import { differencesOf, goodSnapshot, pathsOf, restoreParts } from "./vault/reading.ts";
import type { Vault, VaultOptions, VaultProof, VaultProofOptions } from "./vault/shapes.ts";

export type {
  Vault,
  VaultAbsence,
  VaultBackup,
  VaultBackupOptions,
  VaultCheck,
  VaultCheckOptions,
  VaultDifference,
  VaultDiffOptions,
  VaultDrill,
  VaultFinding,
  VaultGoodSnapshot,
  VaultHeal,
  VaultHealOptions,
  VaultListOptions,
  VaultLocation,
  VaultMoment,
  VaultOptions,
  VaultParts,
  VaultPath,
  VaultProof,
  VaultProofOptions,
  VaultPrune,
  VaultPruneOptions,
  VaultRestore,
  VaultRestoreOptions,
  VaultSnapshot,
} from "./vault/shapes.ts";

/**
 * Makes a repository at every location, or at none, and opens it.
 *
 * @throws SoulMirrorError `CONFLICT` where one is already, `LOCATION_FAILED`
 */
export async function createVault(options: VaultOptions): Promise<Vault> {
  needZstd();
  await makeVault(openingOf(options));
  return await openVault(options);
}

/**
 * Opens what lies at the locations; those that are away or damaged are left out. Close it when it
 * is no longer needed (`await using`).
 *
 * @throws SoulMirrorError `VAULT_NOT_FOUND`, `VAULT_PASSPHRASE_WRONG`, `VAULT_FOREIGN`,
 * `VAULT_TOO_NEW`, `VAULT_DAMAGED`, `LOCATION_FAILED`
 */
export async function openVault(options: VaultOptions): Promise<Vault> {
  needZstd();
  const opened = await openOn(openingOf(options));
  return {
    id: opened.id,
    leftOut: opened.leftOut.map(({ location, reason }) => ({ location, reason })),
    backup: (wish) => backUp(opened, options, wish),
    snapshots: () => snapshotsOf(readableOf(opened.vault, options)),
    lastGood: () => goodSnapshot(opened, options),
    list: (wish = {}) => pathsOf(opened, options, wish),
    diff: (wish = {}) => differencesOf(opened, options, wish),
    restore: (wish) => restoreParts(opened, options, wish),
    check: (wish = {}) => checked(options, wish),
    heal: (wish = {}) => healed(options, wish),
    drill: (wish = {}) => drilled(opened, options, wish),
    prune: (wish) => pruned(opened, options, wish),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

/**
 * Is the audit trail of a vault whole, are the reports of its drills and restores true, and what
 * has been proven last? Reads the folder and nothing else: no location, no passphrase.
 *
 * @throws SoulMirrorError `NOT_FOUND` without a public key, `OPTIONS_INVALID` when it is none
 */
export async function verifyVaultProof(options: VaultProofOptions): Promise<VaultProof> {
  return await proven(options);
}

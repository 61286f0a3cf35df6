/**
 * The state of a vault as a file that the daemon reads: `state.json` in the vault's folder. It is
 * replaced as a whole, so who reads it sees the old or the new one.
 *
 * One process at a time writes it (`claimVault`, or the lock of the audit trail).
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../system/index.ts";
import {
  newVaultState,
  noteVaultEvent,
  textOfVaultState,
  type VaultEvent,
  type VaultState,
  vaultStateFile,
  vaultStateOfText,
} from "../vault/index.ts";

/** Undefined when there is none, or nothing that can be read. */
export async function stateOf(folder: string): Promise<VaultState | undefined> {
  const text = await readFile(join(folder, vaultStateFile), "utf8").catch(() => undefined);
  const read = text === undefined ? undefined : vaultStateOfText(text);
  return read?.ok === true ? read.value : undefined;
}

/** A new one when there is none: it is knowledge, not a record. */
export async function readState(folder: string, nowMs: number): Promise<VaultState> {
  return (await stateOf(folder)) ?? newVaultState(nowMs);
}

export async function noteInState(
  folder: string,
  nowMs: number,
  events: readonly VaultEvent[],
): Promise<void> {
  const state = events.reduce(noteVaultEvent, await readState(folder, nowMs));
  await writeDurably(join(folder, vaultStateFile), textOfVaultState(state));
}

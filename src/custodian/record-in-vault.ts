/**
 * One entry of the audit trail. Who works in a vault holds its trail for as long as he writes;
 * nothing that has happened stays unrecorded because of that, and nobody waits for long.
 */
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type JsonRecord, SoulMirrorError } from "../kernel/index.ts";
import { leaveEntry, openAuditTrail, openProofKey } from "../platform/vault-proof/index.ts";
import { realClock } from "../system/index.ts";
import type { AuditKind, Signer } from "../vault/index.ts";

const patienceMs = 1000;
const stepMs = 50;

/**
 * Durable when it resolves: in the trail, or in a note that the holder of the trail takes in.
 *
 * @returns the file of the public key that it can be verified with
 */
export async function recordInVault(
  folder: string,
  kind: AuditKind,
  facts: JsonRecord,
): Promise<string> {
  const { signer } = await openProofKey(folder);
  const at = realClock.now().wallMs;
  if (!(await wasWritten(folder, signer, { kind, facts }))) {
    await leaveEntry(folder, { at, kind, facts }, signer);
  }
  return join(folder, "vault-proof.pub");
}

interface Told {
  readonly kind: AuditKind;
  readonly facts: JsonRecord;
}

async function wasWritten(folder: string, signer: Signer, { facts, kind }: Told): Promise<boolean> {
  for (let waitedMs = 0; ; waitedMs += stepMs) {
    try {
      await using trail = await openAuditTrail({
        folder,
        signer,
        now: () => realClock.now().wallMs,
      });
      await trail.append(kind, facts);
      return true;
    } catch (error) {
      const isHeld = error instanceof SoulMirrorError && error.code === "DATA_DIRECTORY_HELD";
      if (!isHeld) throw error;
      if (waitedMs >= patienceMs) return false;
    }
    await pause(stepMs);
  }
}

import { join } from "node:path";
import type { JsonRecord } from "../kernel/index.ts";
import { openAuditTrail, openProofKey } from "../platform/vault-proof/index.ts";
import { realClock } from "../system/index.ts";
import type { AuditKind } from "../vault/index.ts";

/**
 * One entry of the audit trail, for what is no backup.
 *
 * @returns the file of the public key that it can be verified with
 */
export async function recordInVault(
  folder: string,
  kind: AuditKind,
  facts: JsonRecord,
): Promise<string> {
  const { signer } = await openProofKey(folder);
  await using trail = await openAuditTrail({ folder, signer, now: () => realClock.now().wallMs });
  await trail.append(kind, facts);
  return join(folder, "vault-proof.pub");
}

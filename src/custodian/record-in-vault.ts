/**
 * Entries of the audit trail. Who works in a vault holds its trail for as long as he writes;
 * nothing that has happened stays unrecorded because of that, and nobody waits for long.
 */
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type JsonRecord, SoulMirrorError } from "../kernel/index.ts";
import { leaveEntry, openAuditTrail, openProofKey } from "../platform/vault-proof/index.ts";
import { realClock } from "../system/index.ts";
import type { AuditKind, Signer } from "../vault/index.ts";

/** Others hold it for a moment at a time. */
const [patienceToRecordMs, patienceToWorkMs] = [1000, 20_000];
const stepMs = 50;

/**
 * One entry. Durable when it resolves: in the trail, or in a note that its holder takes in.
 *
 * @returns the file of the public key that it can be verified with
 */
export async function recordInVault(
  folder: string,
  kind: AuditKind,
  facts: JsonRecord,
): Promise<string> {
  await using trail = await openOrLeave(folder);
  await trail.append(kind, facts);
  return join(folder, "vault-proof.pub");
}

export interface OpenedTrail extends AsyncDisposable {
  append(kind: AuditKind, facts: JsonRecord): Promise<unknown>;
}

/** The trail, or where notes are left for whoever holds it. */
export async function openOrLeave(folder: string): Promise<OpenedTrail> {
  const { signer } = await openProofKey(folder);
  const trail = await trailWithin(folder, signer, patienceToRecordMs);
  if (!(trail instanceof SoulMirrorError)) return trail;
  return {
    append: (kind, facts) =>
      leaveEntry(folder, { at: realClock.now().wallMs, kind, facts }, signer),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

type Trail = Awaited<ReturnType<typeof openAuditTrail>>;

/**
 * For work whose reports name the end of the trail.
 *
 * @throws SoulMirrorError DATA_DIRECTORY_HELD when somebody holds it for long
 */
export async function openTrail(folder: string): Promise<{ signer: Signer; trail: Trail }> {
  const { signer } = await openProofKey(folder);
  const trail = await trailWithin(folder, signer, patienceToWorkMs);
  if (trail instanceof SoulMirrorError) throw trail;
  return { signer, trail };
}

/** Or why it is still held. */
async function trailWithin(
  folder: string,
  signer: Signer,
  patienceMs: number,
): Promise<Trail | SoulMirrorError> {
  const now = (): number => realClock.now().wallMs;
  for (let waitedMs = 0; ; waitedMs += stepMs) {
    try {
      return await openAuditTrail({ folder, signer, now });
    } catch (error) {
      const isHeld = error instanceof SoulMirrorError && error.code === "DATA_DIRECTORY_HELD";
      if (!isHeld) throw error;
      if (waitedMs >= patienceMs) return error;
    }
    await pause(stepMs);
  }
}

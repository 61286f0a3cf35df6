/**
 * Mends the locations of a vault from each other, and says in the trail and to the daemon what was
 * mended and what was not.
 *
 * 1. It works alone: here (`claimVault`) and at each location (an exclusive lock).
 * 2. Packs of which damage is known are read in full, whether everything is read or not.
 * 3. What was forgotten is not brought back to where it was removed.
 */
import { realClock } from "../system/index.ts";
import {
  heal,
  isDamage,
  type OnProgress,
  type RepairOutcome,
  withSession,
} from "../vault/index.ts";
import { factsOfFindings } from "./check-vault.ts";
import type { OpenedVault } from "./open-vault.ts";
import { recordInVault } from "./record-in-vault.ts";
import { openTombstones } from "./retention-records.ts";
import { noteInState, readState } from "./state-file.ts";
import { claimVault } from "./vault-folder.ts";

export interface HealingVault {
  /** With damaged locations: see `mending`. */
  readonly opened: OpenedVault;
  readonly folder: string;
  /** All packs are read before. */
  readonly readsAll: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: OnProgress;
}

export async function healVault(healing: HealingVault): Promise<RepairOutcome> {
  const { folder, onProgress, opened, readsAll, signal } = healing;
  await using held = new AsyncDisposableStack();
  held.use(claimVault(folder));
  const { damage } = await readState(folder, realClock.now().wallMs);
  const damaged = new Set(damage.map(({ id }) => id));
  const tombstones = await openTombstones(folder, opened.vault.codec);
  const wish = { isExclusive: true, readsIndexes: false, signal };
  const outcome = await withSession(opened.vault, wish, (session) =>
    heal(session, {
      unlocked: opened.unlocked,
      isAnyLeftOut: opened.leftOut.length > 0,
      reads: (pack, holdsTrees) => readsAll || holdsTrees || damaged.has(pack),
      isForgotten: (id) => tombstones.has(id),
      ...(onProgress && { onProgress }),
    }),
  );
  const others = opened.leftOut.map(({ location, reason }) => ({ location, reason }));
  const all = { ...outcome, left: [...outcome.left, ...others] };
  await record(folder, all);
  return all;
}

async function record(folder: string, outcome: RepairOutcome): Promise<void> {
  const { findings, left, lost, refusals, repairs } = outcome;
  const still = findings.filter(isDamage);
  if (repairs.length + still.length > 0) {
    await recordInVault(folder, "repaired", {
      repairs: Object.fromEntries(
        [...Map.groupBy(repairs, ({ location }) => location)].map(([location, made]) => [
          location,
          made.length,
        ]),
      ),
      refusals: refusals.length,
      lostPacks: lost.length,
      left: left.map(({ location }) => location),
      still: factsOfFindings(still),
    });
  }
  const at = Math.floor(realClock.now().wallMs);
  const { damage } = await readState(folder, at);
  const unknown = new Set(left.map(({ location }) => location));
  const mended = damage.filter(({ location }) => !unknown.has(location));
  await noteInState(folder, at, [
    ...mended.map(({ id, location }) => ({ kind: "repaired" as const, location, id })),
    ...still.map(({ id, kind, location, reason }) => ({
      kind: "damage" as const,
      damage: { at, location, kind, id, reason },
    })),
  ]);
}

/**
 * A check of a vault, and what the trail and the daemon hear of it.
 *
 * 1. It disturbs nobody: the locks that it takes are shared, and where none can be written it reads
 *    without.
 * 3. Locations that were all put back to an older copy are sound and agree: what this machine has
 *    seen come last is looked for as well.
 * 2. What is wrong is recorded. What the daemon reads of it is renewed when nobody else works in
 * the
 *    vault just then; otherwise that is told, and the outcome is the same.
 */
import { type JsonRecord, messageOf } from "../kernel/index.ts";
import { realClock } from "../system/index.ts";
import {
  type CheckOutcome,
  check,
  everyPack,
  type Finding,
  gatherSnapshots,
  isDamage,
  type OnProgress,
  type Tombstones,
  withSession,
} from "../vault/index.ts";
import type { OpenedVault } from "./open-vault.ts";
import { recordInVault } from "./record-in-vault.ts";
import { openArrivals, openTombstones } from "./retention-records.ts";
import { noteInState } from "./state-file.ts";
import { claimVault } from "./vault-folder.ts";

export interface CheckingVault {
  /** With damaged locations: see `mending`. */
  readonly opened: OpenedVault;
  readonly folder: string;
  /** All packs are read; otherwise those that hold trees. */
  readonly readsAll: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: OnProgress;
  readonly onNotice?: (text: string) => void;
}

export async function checkVault(checking: CheckingVault): Promise<CheckOutcome> {
  const { folder, onNotice, onProgress, opened, readsAll, signal } = checking;
  const tombstones = await openTombstones(folder, opened.vault.codec);
  const wish = { isExclusive: false, mayGoWithoutLock: true, readsIndexes: false, signal };
  const outcome = await withSession(opened.vault, wish, (session) =>
    check(session, {
      isForgotten: (id) => tombstones.has(id),
      ...(readsAll && { reads: everyPack }),
      ...(onProgress && { onProgress }),
    }),
  );
  const left = [
    ...outcome.left,
    ...opened.leftOut.map(({ location, reason }) => ({ location, reason })),
  ];
  for (const { location } of opened.vault.places) {
    if (location.notice !== undefined) onNotice?.(location.notice);
  }
  const findings = [...outcome.findings];
  if (left.length === 0) findings.push(...(await rolledBack(checking, tombstones)));
  const damage = findings.filter(isDamage);
  if (damage.length > 0) {
    try {
      await record(folder, damage, readsAll);
    } catch (error) {
      onNotice?.(`the daemon does not hear of it yet: ${messageOf(error)}`);
    }
  }
  return { ...outcome, findings, left };
}

/** Rule 3. The newest one is never forgotten by its rules; other tools may have removed it. */
async function rolledBack(
  { folder, opened: { vault }, signal }: CheckingVault,
  tombstones: Tombstones,
): Promise<readonly Finding[]> {
  const { newest } = await openArrivals(folder, vault.codec);
  if (newest === undefined || tombstones.has(newest.id)) return [];
  const { snapshots, unreadable } = await gatherSnapshots({ vault, signal });
  const isThere = snapshots.some(({ id }) => id === newest.id) || unreadable.includes(newest.id);
  if (isThere) return [];
  const came = new Date(newest.at).toISOString();
  const reason = `it came last, at ${came}, and no location has it: were all of them put back to an older copy?`;
  return vault.places.map(({ name }) => ({
    location: name,
    kind: "snapshot",
    id: newest.id,
    problem: "behind",
    reason,
    repairableFrom: [],
  }));
}

async function record(
  folder: string,
  damage: readonly Finding[],
  readsAll: boolean,
): Promise<void> {
  await recordInVault(folder, "damage-found", { ...factsOfFindings(damage), readsAll });
  await using held = new AsyncDisposableStack();
  held.use(claimVault(folder));
  const at = Math.floor(realClock.now().wallMs);
  const events = damage.map(({ id, kind, location, reason }) => ({
    kind: "damage" as const,
    damage: { at, location, kind, id, reason },
  }));
  await noteInState(folder, at, events);
}

/** An entry of the trail has room for so many. */
const namedMax = 30;

export function factsOfFindings(findings: readonly Finding[]): JsonRecord {
  const files = findings
    .slice(0, namedMax)
    .map(({ id, kind, location, problem }) => ({ location, kind, id, problem }));
  return { count: findings.length, files };
}

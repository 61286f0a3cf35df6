/**
 * Looks into a vault: the snapshot that is meant, and a session to read it in. Locks where that can
 * be done; what is left of a vault on a read-only disk is read all the same.
 */
import { SoulMirrorError } from "../kernel/index.ts";
import { realClock } from "../system/index.ts";
import {
  chooseSnapshot,
  type HeldSnapshot,
  type LocalNow,
  parseMoment,
  type Session,
  type SnapshotMarks,
  type SnapshotWish,
  type Vault,
  withSession,
} from "../vault/index.ts";
import { arrivedSnapshots } from "./arrived-snapshots.ts";
import { openArrivals } from "./retention-records.ts";

export interface Reading {
  readonly session: Session;
  /** As they came, the latest one last. */
  readonly snapshots: readonly HeldSnapshot[];
}

export interface ReadableVault {
  readonly vault: Vault;
  /** What this machine noted of it, see `vaultFolder`; it need not be there. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

export async function readVault<T>(
  { folder, signal, vault }: ReadableVault,
  work: (reading: Reading) => Promise<T>,
): Promise<T> {
  const wish = { isExclusive: false, mayGoWithoutLock: true, signal };
  return await withSession(vault, wish, async (session) =>
    work({ session, snapshots: await arrivedSnapshots(session, folder) }),
  );
}

/**
 * By its id or by a moment; the latest one without.
 *
 * @param snapshots as they came
 * @throws SoulMirrorError OPTIONS_INVALID, NOT_FOUND
 */
export function snapshotOf(
  snapshots: readonly HeldSnapshot[],
  wish: Pick<SnapshotWish, "at" | "id">,
): HeldSnapshot {
  const chosen = chooseSnapshot(snapshots, wish, localNow());
  if (chosen.ok) return chosen.value;
  throw chosen.error;
}

/**
 * Milliseconds since the epoch.
 *
 * @throws SoulMirrorError BAD_REQUEST
 */
export function momentOf(text: string): number {
  const moment = parseMoment(text, localNow());
  if (moment.ok) return moment.value;
  throw new SoulMirrorError("BAD_REQUEST", moment.error);
}

/** Two to compare: what is not named is the latest, and the one before it. */
export function pairOf(
  snapshots: readonly HeldSnapshot[],
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
): readonly [HeldSnapshot, HeldSnapshot] {
  const after = snapshotOf(snapshots, to === undefined ? {} : { id: to });
  const before =
    from === undefined
      ? snapshots[snapshots.findIndex(({ id }) => id === after.id) - 1]
      : snapshotOf(snapshots, { id: from });
  if (before !== undefined) return [before, after];
  throw new SoulMirrorError("NOT_FOUND", "there is no snapshot before that one", {
    fix: "name another one to compare with",
  });
}

export interface GoodSnapshot {
  readonly snapshot: HeldSnapshot;
  /** A drill has restored it whole. */
  readonly isProven: boolean;
}

/**
 * The newest of which no doubt is known: the run that made it was not suspect.
 *
 * @param folder what this machine noted of the vault, see `vaultFolder`
 * @throws SoulMirrorError NOT_FOUND
 */
export async function lastGood(
  vault: Vault,
  folder: string,
  snapshots: readonly HeldSnapshot[],
): Promise<GoodSnapshot> {
  const arrivals = await openArrivals(folder, vault.codec);
  const sound = snapshots.filter(({ id }) => arrivals.marksOf(id).isSuspect !== true);
  if (sound.length === 0 && snapshots.length > 0) {
    throw new SoulMirrorError("NOT_FOUND", "the runs behind all snapshots were suspect", {
      fix: "choose one of them yourself, by its id",
    });
  }
  const snapshot = snapshotOf(sound, {});
  return { snapshot, isProven: arrivals.marksOf(snapshot.id).isVerified === true };
}

/** What this machine noted of the snapshots that it has seen. */
export async function marksIn(
  vault: Vault,
  folder: string,
): Promise<(id: string) => SnapshotMarks> {
  const arrivals = await openArrivals(folder, vault.codec);
  return (id) => arrivals.marksOf(id);
}

/** What people mean by a day and an hour where they are. */
function localNow(): LocalNow {
  const offsetMsAt = (utcMs: number): number => -new Date(utcMs).getTimezoneOffset() * 60_000;
  return { wallMs: realClock.now().wallMs, offsetMsAt };
}

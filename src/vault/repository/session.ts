/**
 * The right to work in a vault: a lock at each place that can be reached, and indexes that are read
 * while it stands.
 *
 * S1. Indexes are read after the lock is there, so no pack they name can be pruned away meanwhile.
 * S2. A place that cannot be reached, takes no lock, or is locked by somebody else is left out;
 *     when none is left, the reason of the first is thrown.
 *     Who only reads may ask to go on without a lock where none can be written.
 *     The same is true of a place that holds another repository, because somebody mounted another
 *     disk there: nothing is written to it, not even a lock.
 * S3. When a lock is lost, `signal` aborts: what goes on without a lock loses data.
 * S4. The index in memory shrinks between sessions only: in one, blobs keep their numbers.
 */
import { SoulMirrorError } from "../../kernel/index.ts";
import { Damage } from "../format/damage.ts";
import { type FaultKind, LocationFault } from "../location.ts";
import { RepositoryLock } from "./locks.ts";
import type { Place } from "./place.ts";
import { refuseForeign } from "./refuse-foreign.ts";
import type { Vault } from "./vault.ts";

/** What is needed to look at a vault. */
export interface Access {
  readonly vault: Vault;
  readonly signal: AbortSignal;
}

export interface Session extends Access {
  /**
   * To be awaited before each step that is irrevocable, or that others rely on: rejects when a lock
   * is lost (S3), also when nothing ran since, because the machine slept.
   */
  readonly confirm: () => Promise<void>;
}

export interface SessionOptions {
  readonly isExclusive: boolean;
  /**
   * Goes on without a lock where nothing can be written, for restores of what is left. Default
   * false.
   */
  readonly mayGoWithoutLock?: boolean;
  /**
   * False: only locks are taken, for who reads the indexes himself because they may be damaged.
   * Default true.
   */
  readonly readsIndexes?: boolean;
  readonly signal: AbortSignal;
}

export async function withSession<T>(
  vault: Vault,
  options: SessionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  await using locks = new AsyncDisposableStack();
  if (vault.sessions === 0) vault.index.compact();
  vault.sessions += 1;
  locks.defer(() => void (vault.sessions -= 1));
  const held: RepositoryLock[] = [];
  const { codec, places, surroundings } = vault;
  const { isExclusive, mayGoWithoutLock = false, readsIndexes = true, signal } = options;
  const enter = async (place: Place): Promise<void> => {
    place.readmit();
    if (!place.takesPart) return;
    try {
      // Who mends makes places whole that have lost what they are known by.
      if (readsIndexes) await refuseForeign(place, vault.marks, signal);
      const wanted = { isExclusive, surroundings, codec, leftovers: place.leftLocks };
      const lock = await RepositoryLock.acquire(place.location, wanted, signal).catch(
        (error: unknown) => {
          if (mayGoWithoutLock && takesNothing(error)) return undefined;
          throw error;
        },
      );
      if (lock !== undefined) {
        locks.use(lock);
        held.push(lock);
      }
      if (readsIndexes) await vault.loader.refresh(place, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!canBeLeftOut(error)) throw error;
      place.leaveOut(error);
    }
  };
  // All have ended before the locks are given back, also when one of them throws.
  const entries = await Promise.allSettled(places.map(enter));
  for (const entry of entries) if (entry.status === "rejected") throw entry.reason;
  if (!places.some((place) => place.takesPart)) throw noneLeft(places);
  const ended = AbortSignal.any([signal, ...held.map(({ lost }) => lost)]);
  const confirm = async (): Promise<void> => {
    for (const lock of held) await lock.confirm();
    ended.throwIfAborted();
  };
  return await work({ vault, signal: ended, confirm });
}

/**
 * Nobody prunes what is read-only. Where only we may not write, or have no room left, others may
 * prune meanwhile: what goes then is met as damage, and read elsewhere.
 */
function takesNothing(error: unknown): boolean {
  return error instanceof LocationFault && withoutRoom.includes(error.kind);
}

const withoutRoom: readonly FaultKind[] = ["read-only", "denied", "full"];

const reasonsToLeaveOut: readonly string[] = ["VAULT_LOCKED", "VAULT_FOREIGN"];

function canBeLeftOut(error: unknown): error is Error {
  return (
    error instanceof LocationFault ||
    error instanceof Damage ||
    (error instanceof SoulMirrorError && reasonsToLeaveOut.includes(error.code))
  );
}

function noneLeft(places: readonly Place[]): unknown {
  const troubles = places.flatMap(({ trouble }) => trouble ?? []);
  const locked = troubles.find((trouble) => trouble instanceof SoulMirrorError);
  if (locked !== undefined) return locked;
  const [first] = troubles;
  const message = troubles.map((trouble) => trouble.message).join("; ");
  const code = first instanceof Damage ? "VAULT_DAMAGED" : "LOCATION_FAILED";
  return new SoulMirrorError(code, message, { cause: first });
}

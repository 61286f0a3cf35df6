/**
 * The right to work in a repository, as restic and we grant it to each other: a file for everybody
 * who is at work, shared or exclusive.
 *
 * K1. A shared lock stands from before an index is read until the snapshot is written. Without it,
 *     a prune by somebody else would delete what was just uploaded (measured with restic 0.14).
 * K2. Having written our lock we look once more: of two who came at the same time at least one sees
 *     the other, and withdraws.
 * K3. A lock of a dead process of this machine, or one that nobody renewed for 30 minutes, holds
 *     nothing, and is removed. Others are honoured; also old ones of a process of this machine that
 *     lives, for it may have slept as we did. (Our own process renews what it holds.)
 * K4. A lock is renewed every 5 minutes by a new file before the old one goes. When that fails for
 *     so long that others may take it for stale, the work it covers is stopped (`lost`).
 * K5. A lock that cannot be read is honoured: who wrote it may be newer than we are.
 * K6. A lock that somebody removed is not written anew: it is lost, for others may work since. Its
 *     age is the longer one of both clocks, as one of them stands still while a machine sleeps, and
 *     one may be set. Who comes late looks for others once more after writing.
 * K7. What may lie there of our older locks is removed as soon as that is possible.
 */
import {
  type CancelTimer,
  formatUtcSecond,
  type Instant,
  SoulMirrorError,
} from "../../kernel/index.ts";
import { Damage } from "../format/damage.ts";
import { decodeLock, encodeLock, type LockContent } from "../format/lock-json.ts";
import { type FaultKind, type Location, LocationFault } from "../location.ts";
import type { Codec } from "./codec.ts";
import { readFile } from "./read-file.ts";
import type { Surroundings } from "./surroundings.ts";

const staleAfterMs = 30 * 60_000;
const renewAfterMs = 5 * 60_000;
/** Before others may call it stale, with room for clocks that differ. */
const lostAfterMs = 22 * 60_000;
/** So soon after a sleep it is found that the lock is too old. */
const lookAfterMs = 30_000;
const mostLeftovers = 100;

export interface LockOptions {
  readonly isExclusive: boolean;
  readonly surroundings: Surroundings;
  readonly codec: Codec;
  /** Ids of locks of ours that may still lie at the place (K7); it is changed. */
  readonly leftovers: Set<string>;
}

interface FoundLock {
  readonly id: string;
  /** Undefined when it cannot be read (K5). */
  readonly content: LockContent | undefined;
}

export class RepositoryLock implements AsyncDisposable {
  readonly #location: Location;
  readonly #options: LockOptions;
  readonly #lost = new AbortController();
  #id = "";
  #renewed: Instant;
  #cancel: CancelTimer = () => {};
  #renewing: Promise<void> = Promise.resolve();
  #isReleased = false;

  private constructor(location: Location, options: LockOptions) {
    this.#location = location;
    this.#options = options;
    this.#renewed = options.surroundings.clock.now();
  }

  /**
   * @throws SoulMirrorError VAULT_LOCKED, naming who holds it
   * @throws LocationFault when the location does not answer or takes no lock
   */
  static async acquire(
    location: Location,
    options: LockOptions,
    signal: AbortSignal,
  ): Promise<RepositoryLock> {
    const lock = new RepositoryLock(location, options);
    await lock.#removeLeftovers(signal);
    await lock.#refuseOthers(signal);
    lock.#id = await lock.#write(signal);
    try {
      await lock.#refuseOthers(signal);
    } catch (error) {
      await lock[Symbol.asyncDispose]();
      throw error;
    }
    lock.#schedule();
    return lock;
  }

  /**
   * To be called before what others rely on is changed: after a sleep the lock may be gone, and no
   * timer has told so yet. Costs nothing as long as the lock is young; `lost` says how it ended.
   */
  async confirm(): Promise<void> {
    if (this.#ageMs() > lostAfterMs) await this.#renewNext();
  }

  /** Aborts when the lock may no longer hold others off (K4). */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isReleased = true;
    this.#cancel();
    await this.#renewing;
    this.#leave(this.#id);
    await this.#removeLeftovers(AbortSignal.timeout(60_000));
  }

  #leave(id: string): void {
    const { leftovers } = this.#options;
    leftovers.add(id);
    const [oldest] = leftovers;
    if (leftovers.size > mostLeftovers && oldest !== undefined) leftovers.delete(oldest);
  }

  /** What stays is removed by the next one of us, or as stale, or as that of a dead process. */
  async #removeLeftovers(signal: AbortSignal): Promise<void> {
    const { leftovers } = this.#options;
    for (const id of Array.from(leftovers)) {
      try {
        await this.#location.remove(fileOf(id), signal);
        leftovers.delete(id);
      } catch (error) {
        if (!(error instanceof LocationFault) && !signal.aborted) throw error;
        return;
      }
    }
  }

  async #write(signal: AbortSignal): Promise<string> {
    const { clock, worker } = this.#options.surroundings;
    const timeNs = BigInt(Math.round(clock.now().wallMs)) * 1_000_000n;
    const { isExclusive, codec } = this.#options;
    const { bytes, id } = codec.encodeFile(encodeLock({ ...worker, timeNs, isExclusive }));
    try {
      await this.#location.put(fileOf(id), [bytes], signal);
    } catch (error) {
      // Who gave up, or heard no answer, may have done so when it was there already.
      if (!isRefusal(error)) this.#leave(id);
      if (signal.aborted) await this.#removeLeftovers(AbortSignal.timeout(60_000));
      throw error;
    }
    return id;
  }

  async #refuseOthers(signal: AbortSignal): Promise<void> {
    for (const { content, id } of await this.#others(signal)) {
      if (content !== undefined && this.#isDead(content)) {
        await this.#location.remove(fileOf(id), signal);
      } else if (this.#options.isExclusive || content === undefined || content.isExclusive) {
        throw lockedBy(this.#location, id, content);
      }
    }
  }

  async #others(signal: AbortSignal): Promise<readonly FoundLock[]> {
    const found: FoundLock[] = [];
    for await (const { id } of this.#location.list("lock", signal)) {
      if (id === this.#id || this.#options.leftovers.has(id)) continue;
      try {
        const bytes = await readFile(this.#location, fileOf(id), signal);
        found.push({ id, content: decodeLock(this.#options.codec.decodeFile(bytes, id)) });
      } catch (error) {
        // Gone meanwhile: its owner is done.
        if (error instanceof LocationFault && error.kind === "missing") continue;
        if (!(error instanceof Damage)) throw error;
        found.push({ id, content: undefined });
      }
    }
    return found;
  }

  #isDead({ hostname, pid, timeNs }: LockContent): boolean {
    const { clock, isAlive, worker } = this.#options.surroundings;
    const writtenMs = Number(timeNs / 1_000_000n);
    if (hostname === worker.hostname) {
      if (!isAlive(pid, Number.POSITIVE_INFINITY)) return true;
      if (pid !== worker.pid && isAlive(pid, writtenMs)) return false;
    }
    return clock.now().wallMs - writtenMs > staleAfterMs;
  }

  #ageMs(): number {
    const { monotonicMs, wallMs } = this.#options.surroundings.clock.now();
    return Math.max(monotonicMs - this.#renewed.monotonicMs, wallMs - this.#renewed.wallMs);
  }

  /** Timers stand still in a sleep, so that one for the whole time would come too late. */
  #schedule(): void {
    this.#cancel = this.#options.surroundings.timers.after(lookAfterMs, () => {
      if (this.#ageMs() >= renewAfterMs) void this.#renewNext();
      if (!this.#isReleased && !this.lost.aborted) this.#schedule();
    });
  }

  #renewNext(): Promise<void> {
    this.#renewing = this.#renewing.then(() => this.#renew());
    return this.#renewing;
  }

  async #renew(): Promise<void> {
    if (this.#isReleased || this.lost.aborted) return;
    const signal = AbortSignal.timeout(60_000);
    try {
      const begun = this.#options.surroundings.clock.now();
      await this.#replace(signal);
      this.#renewed = begun;
      await this.#removeLeftovers(signal);
    } catch (error) {
      if (error instanceof SoulMirrorError || this.#ageMs() > lostAfterMs) this.#lost.abort(error);
    }
  }

  /** @throws SoulMirrorError VAULT_LOCKED when it is lost (K6) */
  async #replace(signal: AbortSignal): Promise<void> {
    const before = this.#id;
    if ((await this.#location.stat(fileOf(before), signal)) === undefined) {
      const { name } = this.#location.traits;
      const message = `our lock at ${name} was removed while we worked`;
      throw new SoulMirrorError("VAULT_LOCKED", message, { fix: "begin once more" });
    }
    const isLate = this.#ageMs() > lostAfterMs;
    this.#id = await this.#write(signal);
    this.#leave(before);
    if (isLate) await this.#refuseOthers(signal);
  }
}

function fileOf(id: string): { readonly kind: "lock"; readonly id: string } {
  return { kind: "lock", id };
}

/** Nothing was written there for sure. */
function isRefusal(error: unknown): boolean {
  const refusals: readonly FaultKind[] = ["read-only", "denied", "full"];
  return error instanceof LocationFault && refusals.includes(error.kind);
}

function lockedBy(
  { traits }: Location,
  id: string,
  content: LockContent | undefined,
): SoulMirrorError {
  const who =
    content === undefined
      ? "somebody whose lock cannot be read"
      : `process ${content.pid} of ${content.username} on ${content.hostname}, since ` +
        `${formatUtcSecond(Number(content.timeNs / 1_000_000n))}Z`;
  const how = content?.isExclusive === false ? "" : "exclusively ";
  return new SoulMirrorError("VAULT_LOCKED", `${traits.name} is ${how}locked by ${who}`, {
    fix: `wait until it is done; if it is known to be dead, remove its lock ${id.slice(0, 8)} with restic unlock`,
  });
}

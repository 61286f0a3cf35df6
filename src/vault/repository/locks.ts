/**
 * The right to work in a repository, as restic and we grant it to each other: a file for everybody
 * who is at work, shared or exclusive.
 *
 * K1. A shared lock stands from before an index is read until the snapshot is written. Without it,
 *     a prune by somebody else would delete what was just uploaded (measured with restic 0.14).
 * K2. Having written our lock we look once more: of two who came at the same time at least one sees
 *     the other, and withdraws.
 * K3. A lock of a dead process of this machine, or one that nobody renewed for 30 minutes, holds
 *     nothing, and is removed. Others are honoured.
 * K4. A lock is renewed every 5 minutes by a new file before the old one goes. When that fails for
 *     so long that others may take it for stale, the work it covers is stopped (`lost`).
 * K5. A lock that cannot be read is honoured: who wrote it may be newer than we are.
 */
import { type CancelTimer, formatUtcSecond, SoulMirrorError } from "../../kernel/index.ts";
import { Damage } from "../format/damage.ts";
import { decodeLock, encodeLock, type LockContent } from "../format/lock-json.ts";
import { type Location, LocationFault } from "../location.ts";
import type { Codec } from "./codec.ts";
import type { Surroundings } from "./surroundings.ts";

const staleAfterMs = 30 * 60_000;
const renewAfterMs = 5 * 60_000;
const renewAgainMs = 30_000;
/** Before others may call it stale, with room for clocks that differ. */
const lostAfterMs = 22 * 60_000;

export interface LockOptions {
  readonly isExclusive: boolean;
  readonly surroundings: Surroundings;
  readonly codec: Codec;
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
  #renewedMs: number;
  #cancel: CancelTimer = () => {};
  #renewing: Promise<void> = Promise.resolve();
  #isReleased = false;

  private constructor(location: Location, options: LockOptions) {
    this.#location = location;
    this.#options = options;
    this.#renewedMs = options.surroundings.clock.now().monotonicMs;
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
    await lock.#refuseOthers(signal);
    lock.#id = await lock.#write(signal);
    try {
      await lock.#refuseOthers(signal);
    } catch (error) {
      await lock[Symbol.asyncDispose]();
      throw error;
    }
    lock.#schedule(renewAfterMs);
    return lock;
  }

  /** Aborts when the lock may no longer hold others off (K4). */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isReleased = true;
    this.#cancel();
    await this.#renewing;
    await this.#remove(this.#id);
  }

  async #remove(id: string): Promise<void> {
    try {
      await this.#location.remove(fileOf(id), AbortSignal.timeout(60_000));
    } catch (error) {
      // Nobody is kept out for long: it is removed as stale, or as that of a dead process (K3).
      if (!(error instanceof LocationFault)) throw error;
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
      // Who gave up may have done so when it was there already.
      if (signal.aborted) await this.#remove(id);
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
      if (id === this.#id) continue;
      try {
        const bytes = await this.#location.get(fileOf(id), signal);
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
    if (hostname === worker.hostname && !isAlive(pid)) return true;
    return clock.now().wallMs - Number(timeNs / 1_000_000n) > staleAfterMs;
  }

  #schedule(delayMs: number): void {
    this.#cancel = this.#options.surroundings.timers.after(delayMs, () => {
      this.#renewing = this.#renew();
    });
  }

  async #renew(): Promise<void> {
    const { clock } = this.#options.surroundings;
    try {
      const signal = AbortSignal.timeout(60_000);
      const before = this.#id;
      this.#id = await this.#write(signal);
      this.#renewedMs = clock.now().monotonicMs;
      await this.#location.remove(fileOf(before), signal);
      if (!this.#isReleased) this.#schedule(renewAfterMs);
    } catch (error) {
      if (clock.now().monotonicMs - this.#renewedMs > lostAfterMs) this.#lost.abort(error);
      else if (!this.#isReleased) this.#schedule(renewAgainMs);
    }
  }
}

function fileOf(id: string): { readonly kind: "lock"; readonly id: string } {
  return { kind: "lock", id };
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

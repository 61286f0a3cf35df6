/**
 * The journal that always takes what it is given: in the store, while that is away in the emergency
 * file, and when that fails too in a bounded ring in memory. When the store is back, it gets what
 * it missed, in order, with a `gap` entry in the place of what was lost.
 *
 * J1. `write` never rejects, and settles after at most two deadlines (or the replay it meets).
 * J2. Entries have the order in which they were written, in the store as well, and each is there
 *     once: also when a write that was given up succeeds late, and when a replay is interrupted
 *     at any place, by a crash too. Ids decide, not positions.
 * J3. What is lost is counted, and the journal says so.
 * J4. Positions and seals are provisional until an entry is in the store: behind a gap they move.
 */
import { type CancelTimer, messageOf, SoulMirrorError } from "../kernel/index.ts";
import type { Entry, Kept, SealedEntry } from "../model/index.ts";
import { type Chain, createChain } from "./chain.ts";
import {
  type JournalSettings,
  type ResilientJournalOptions,
  withDefaults,
} from "./journal-settings.ts";
import { Refuge } from "./refuge.ts";
import { replay } from "./replay.ts";
import { within } from "./within.ts";

/** Brings what an earlier life left in the emergency file into the store first. Never rejects. */
export async function openResilientJournal(
  options: ResilientJournalOptions,
): Promise<ResilientJournal> {
  const journal = new ResilientJournal(options);
  await journal.begin(options.away);
  return journal;
}

export class ResilientJournal {
  readonly #settings: JournalSettings;
  readonly #refuge: Refuge;
  readonly #chain: Chain;
  #kept: Kept = "store";
  /** Undefined while nothing is known about the store. */
  #storeEnd: number | undefined;
  #reason = "";
  #probeMs: number;
  #cancelProbe: CancelTimer | undefined;
  #isClosed = false;
  #lane: Promise<unknown> = Promise.resolve();

  constructor(options: ResilientJournalOptions) {
    this.#settings = withDefaults(options);
    this.#refuge = new Refuge(this.#settings, options.emergency);
    this.#chain = createChain(options.mac);
    this.#probeMs = this.#settings.probeMs;
  }

  /** Where the last entries went; anything but `store` allows reversible actions only. */
  get kept(): Kept {
    return this.#kept;
  }

  /** The end of the chain, for anchors: only what is in the store is final. */
  get last(): SealedEntry | undefined {
    return this.#chain.last;
  }

  /** Entries that were lost since the start. */
  get lost(): number {
    return this.#refuge.lost;
  }

  /** In one turn, so that no probe finds the store again while the past is still being read. */
  begin(away?: unknown): Promise<void> {
    return this.#inTurn(async () => {
      if (away === undefined) await this.#resume();
      else this.#stayAway(away);
      if (this.#kept === "store") return;
      const held = await this.#refuge.read();
      this.#chain.continueFrom(held.entries.at(-1));
      this.#storeEnd = held.storeEnd;
    });
  }

  /** Seals the entries behind all earlier ones and keeps them where it can. */
  write(entries: readonly Entry[]): Promise<Kept> {
    const at = this.#settings.clock.now().wallMs;
    return this.#inTurn(() =>
      entries.length === 0
        ? Promise.resolve(this.#kept)
        : this.#keep(this.#chain.seal(entries, at, this.#settings.ids)),
    );
  }

  /**
   * Resolves when everything written is on the disk, in the store; rejects when it cannot be, or
   * takes longer than a replay may.
   */
  async sync(): Promise<void> {
    await this.#lane;
    if (this.#kept !== "store") {
      throw new SoulMirrorError("STORE_UNAVAILABLE", `the store is away: ${this.#reason}`);
    }
    const { store, timers, replayDeadlineMs } = this.#settings;
    await within(timers, replayDeadlineMs, store.sync());
  }

  /** What the store does not have: for a start without it. */
  async held(): Promise<readonly SealedEntry[]> {
    return this.#kept === "store" ? [] : (await this.#refuge.read()).entries;
  }

  /** Waits for writes that are under way. The store is left to its owner. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelProbe?.();
    await this.#lane;
  }

  /** One write or replay at a time, in the order of the calls. */
  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#lane.then(run);
    this.#lane = turn.catch(() => undefined);
    return turn;
  }

  async #keep(sealed: readonly SealedEntry[]): Promise<Kept> {
    if (this.#kept !== "store" || !(await this.#keepInStore(sealed))) {
      this.#goTo(await this.#refuge.keep(sealed, this.#storeEnd));
    }
    return this.#kept;
  }

  async #keepInStore(sealed: readonly SealedEntry[]): Promise<boolean> {
    const { store, timers, writeDeadlineMs } = this.#settings;
    try {
      await within(timers, writeDeadlineMs, store.append(sealed));
      this.#storeEnd = sealed.at(-1)?.position;
      return true;
    } catch (error) {
      this.#storeIsAway(error);
      return false;
    }
  }

  #goTo(kept: Kept): void {
    if (this.#kept === kept) return;
    this.#kept = kept;
    this.#settings.notice(
      `the journal is kept in: ${kept} (${this.#reason || "the store is back"})`,
    );
  }

  #storeIsAway(error: unknown): void {
    this.#reason = messageOf(error);
    this.#probeLater();
  }

  #stayAway(error: unknown): void {
    this.#refuge.wake();
    this.#storeIsAway(error);
    if (this.#kept === "store") this.#goTo(this.#refuge.hasFile ? "emergency" : "memory");
  }

  #probeLater(): void {
    const { timers, probeMaxMs } = this.#settings;
    if (this.#isClosed) return;
    this.#cancelProbe?.();
    this.#cancelProbe = timers.after(this.#probeMs, () => void this.#probe());
    this.#probeMs = Math.min(this.#probeMs * 2, probeMaxMs);
  }

  /** Asks outside of the lane first, so that a store that is still away holds no write up. */
  async #probe(): Promise<void> {
    const { store, timers, writeDeadlineMs } = this.#settings;
    try {
      await within(timers, writeDeadlineMs, store.last());
    } catch (error) {
      this.#refuge.wake();
      this.#storeIsAway(error);
      return;
    }
    await this.#inTurn(() => this.#resume());
  }

  async #resume(): Promise<void> {
    if (this.#isClosed) return;
    const wasAway = this.#kept !== "store";
    let isAnew = false;
    try {
      isAnew = await this.#hasLost();
      this.#chain.continueFrom(await this.#replay());
    } catch (error) {
      this.#stayAway(error);
      return;
    }
    this.#storeEnd = this.#chain.last?.position ?? 0;
    this.#reason = "";
    this.#probeMs = this.#settings.probeMs;
    await this.#refuge.clear();
    this.#goTo("store");
    if (wasAway) this.#settings.returned({ isAnew });
  }

  /** Does the store have less than it is known to have had? */
  async #hasLost(): Promise<boolean> {
    const { store, timers, replayDeadlineMs } = this.#settings;
    const last = await within(timers, replayDeadlineMs, store.last());
    return (last?.position ?? 0) < (this.#storeEnd ?? 0);
  }

  #replay(): Promise<SealedEntry | undefined> {
    return replay(this.#settings, async () => ({
      held: await this.#refuge.read(),
      storeEnd: this.#storeEnd,
      endPosition: this.#chain.last?.position,
      reason: this.#reason || "the daemon ended while the store was away",
    }));
  }
}

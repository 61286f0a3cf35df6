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
import {
  assert,
  type CancelTimer,
  type Clock,
  type Ids,
  messageOf,
  SoulMirrorError,
  type Timers,
} from "../kernel/index.ts";
import type { Entry, Journal, Kept, SealedEntry } from "../model/index.ts";
import { type Chain, createChain, type Mac } from "./chain.ts";
import { rebase } from "./rebase.ts";
import { within } from "./within.ts";

/** Entries that the store does not have; `storeEnd` is the last position that it had then. */
export interface HeldEntries {
  readonly storeEnd: number | undefined;
  readonly entries: readonly SealedEntry[];
}

/**
 * Where entries go while the store is away. `append` keeps all of them or rejects; they are on the
 * disk when it resolves. `read` gives what is there, oldest first, and passes over what it cannot
 * read. `reset` forgets everything.
 */
export interface EmergencyJournal {
  append(held: HeldEntries): Promise<void>;
  read(): Promise<HeldEntries>;
  reset(): Promise<void>;
}

export interface ResilientJournalOptions {
  readonly store: Journal;
  readonly emergency?: EmergencyJournal;
  readonly mac: Mac;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly ids: Ids;
  /** Where entries go has changed, or could not be had: for the log. */
  readonly notice?: (what: string) => void;
  /** How long the store and the emergency file each may take for one write. */
  readonly writeDeadlineMs?: number;
  readonly replayDeadlineMs?: number;
  /** The store is asked again after this, and after twice as long each time, up to the maximum. */
  readonly probeMs?: number;
  readonly probeMaxMs?: number;
  /** Entries in memory at most; beyond it the oldest are lost. */
  readonly ringMax?: number;
}

type Settings = Required<Omit<ResilientJournalOptions, "emergency">>;

const pageEntries = 500;

/** Brings what an earlier life left in the emergency file into the store first. Never rejects. */
export async function openResilientJournal(
  options: ResilientJournalOptions,
): Promise<ResilientJournal> {
  const journal = new ResilientJournal(options);
  await journal.begin();
  return journal;
}

export class ResilientJournal {
  readonly #settings: Settings;
  readonly #emergency: EmergencyJournal | undefined;
  readonly #chain: Chain;
  #kept: Kept = "store";
  /** Undefined while nothing is known about the store. */
  #storeEnd: number | undefined;
  #ring: SealedEntry[] = [];
  #lost = 0;
  #reason = "";
  #emergencyRests = false;
  #probeMs: number;
  #cancelProbe: CancelTimer | undefined;
  #isClosed = false;
  #lane: Promise<unknown> = Promise.resolve();

  constructor(options: ResilientJournalOptions) {
    const { emergency, ...rest } = options;
    this.#emergency = emergency;
    this.#settings = {
      notice: () => undefined,
      writeDeadlineMs: 1000,
      replayDeadlineMs: 10_000,
      probeMs: 500,
      probeMaxMs: 30_000,
      ringMax: 10_000,
      ...rest,
    };
    assert(this.#settings.ringMax > 0, "the ring holds at least one entry");
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
    return this.#lost;
  }

  async begin(): Promise<void> {
    await this.#inTurn(() => this.#resume());
    if (this.#kept === "store") return;
    const held = await this.#readEmergency();
    this.#chain.continueFrom(held.entries.at(-1));
    this.#storeEnd = held.storeEnd;
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

  /** Resolves when everything written is on the disk, in the store; rejects when it cannot be. */
  async sync(): Promise<void> {
    await this.#lane;
    if (this.#kept !== "store") {
      throw new SoulMirrorError("STORE_UNAVAILABLE", `the store is away: ${this.#reason}`);
    }
    await this.#settings.store.sync();
  }

  /** What the store does not have: for a start without it. */
  async held(): Promise<readonly SealedEntry[]> {
    if (this.#kept === "store") return [];
    const { entries } = await this.#readEmergency();
    return [...entries, ...this.#ring];
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
    const isKept =
      (this.#kept === "store" && (await this.#keepInStore(sealed))) ||
      (await this.#keepInEmergency(sealed));
    if (!isKept) this.#keepInMemory(sealed);
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

  /** What is in memory only goes first: it is older. */
  async #keepInEmergency(sealed: readonly SealedEntry[]): Promise<boolean> {
    if (this.#emergency === undefined || this.#emergencyRests) return false;
    const { timers, writeDeadlineMs } = this.#settings;
    const held = { storeEnd: this.#storeEnd, entries: [...this.#ring, ...sealed] };
    try {
      await within(timers, writeDeadlineMs, this.#emergency.append(held));
    } catch (error) {
      this.#emergencyRests = true;
      this.#settings.notice(`the emergency file cannot be written: ${messageOf(error)}`);
      return false;
    }
    this.#ring = [];
    this.#goTo("emergency");
    return true;
  }

  #keepInMemory(sealed: readonly SealedEntry[]): void {
    this.#ring.push(...sealed);
    const excess = this.#ring.length - this.#settings.ringMax;
    if (excess > 0) {
      this.#ring = this.#ring.slice(excess);
      this.#lost += excess;
    }
    this.#goTo("memory");
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
      this.#emergencyRests = false;
      this.#storeIsAway(error);
      return;
    }
    await this.#inTurn(() => this.#resume());
  }

  async #resume(): Promise<void> {
    if (this.#isClosed) return;
    try {
      this.#chain.continueFrom(await this.#replay());
    } catch (error) {
      this.#emergencyRests = false;
      this.#storeIsAway(error);
      if (this.#kept === "store") this.#goTo(this.#emergency ? "emergency" : "memory");
      return;
    }
    this.#storeEnd = this.#chain.last?.position ?? 0;
    this.#ring = [];
    this.#reason = "";
    this.#probeMs = this.#settings.probeMs;
    await this.#forgetEmergency();
    this.#goTo("store");
  }

  /** Writes what the store does not have; resolves with the new end of the chain. */
  async #replay(): Promise<SealedEntry | undefined> {
    const base = await this.#ask(() => this.#settings.store.last());
    const kept = await this.#readEmergency();
    const held = [...kept.entries, ...this.#ring];
    const ends = [base?.position ?? 0, ...held.map(({ position }) => position)];
    const missed = rebase({
      mac: this.#settings.mac,
      base,
      held,
      known: await this.#knownIds(held, base, kept.storeEnd),
      endPosition: this.#chain.last?.position ?? ends.reduce((a, b) => Math.max(a, b)),
      gap: (lost) => this.#gap(lost),
    });
    for (let start = 0; start < missed.length; start += pageEntries) {
      const page = missed.slice(start, start + pageEntries);
      await this.#ask(() => this.#settings.store.append(page));
    }
    return missed.at(-1) ?? base;
  }

  #gap(lost: number): Pick<SealedEntry, "id" | "at" | "entry"> {
    const { ids, clock } = this.#settings;
    const why = this.#reason || "the daemon ended while the store was away";
    const reason = lost > 0 ? why : `the store holds another past than the journal: ${why}`;
    return {
      id: ids.next("jrn"),
      at: Math.floor(clock.now().wallMs),
      entry: { kind: "gap", lost, reason },
    };
  }

  /**
   * Which of the held entries have come into the store after all? They stand behind its end of
   * then; where that is not known they can only be at its very end.
   */
  async #knownIds(
    held: readonly SealedEntry[],
    base: SealedEntry | undefined,
    heldStoreEnd: number | undefined,
  ): Promise<ReadonlySet<string>> {
    const known = new Set<string>();
    if (held.length === 0 || base === undefined) return known;
    const ids = new Set(held.map(({ id }) => id));
    const ends = [heldStoreEnd, this.#storeEnd].filter((end) => end !== undefined);
    const tail = Math.max(0, base.position - 2 * held.length);
    let from = (ends.length > 0 ? Math.min(...ends) : tail) + 1;
    while (from <= base.position) {
      const start = from;
      const page = await this.#ask(() => this.#settings.store.read(start, pageEntries));
      for (const { id } of page) if (ids.has(id)) known.add(id);
      from = (page.at(-1)?.position ?? base.position) + 1;
    }
    return known;
  }

  #ask<T>(call: () => Promise<T>): Promise<T> {
    const { timers, replayDeadlineMs } = this.#settings;
    return within(timers, replayDeadlineMs, call());
  }

  /** What cannot be read is lost, and counts as such. */
  async #readEmergency(): Promise<HeldEntries> {
    const emergency = this.#emergency;
    if (emergency === undefined) return { storeEnd: undefined, entries: [] };
    try {
      return await this.#ask(() => emergency.read());
    } catch (error) {
      this.#settings.notice(`the emergency file cannot be read: ${messageOf(error)}`);
      return { storeEnd: undefined, entries: [] };
    }
  }

  /** When it cannot be emptied, its entries are known by their ids the next time. */
  async #forgetEmergency(): Promise<void> {
    const emergency = this.#emergency;
    if (emergency === undefined) return;
    try {
      await this.#ask(() => emergency.reset());
      this.#emergencyRests = false;
    } catch (error) {
      this.#settings.notice(`the emergency file cannot be emptied: ${messageOf(error)}`);
    }
  }
}

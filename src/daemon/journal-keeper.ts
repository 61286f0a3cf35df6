/**
 * Writes what the loop decides before anything is done about it, keeps what a new daemon will have
 * to know as a checkpoint, and tells readers what was written.
 *
 * J1. A checkpoint never says more than the journal in the store up to its position, except for
 *     what was in a store that was lost meanwhile: it is all that is left of that.
 * J2. Readers get entries from the store, in order and each once: what is elsewhere comes later.
 * J3. A checkpoint that does not fit its seal is believed in nothing, nor is an older one in the
 *     place of the last: what the journal still has is read instead, and that is told. So it is
 *     when there is none, or none that this version can read, and the journal was pruned. One that
 *     is beyond the end of the journal is all that is left of what was cut off: it is gone on with,
 *     the cut is told, and a new one takes its place before positions come to where it was.
 * J4. Without a store, or with one that does not answer, a daemon starts all the same, with what
 *     can be read of the past. It never takes its own memory for the whole then: checkpoints are
 *     folded from the store again. Where nothing could be read, the past is asked for once more
 *     when the store is back, and there is no checkpoint before that.
 * J5. A start waits once for a store that hangs, and once more, for less, for what lies there: a
 *     store that is known to be away is not asked.
 */
import { SoulMirrorError, type Timers } from "../kernel/index.ts";
import {
  createRecollection,
  type Finding,
  type Mac,
  openCheckpoint,
  type Recollection,
  type ResilientJournal,
  recollect,
  sealCheckpoint,
  within,
  writeRecollection,
} from "../knowledge/index.ts";
import type { Entry, Kept, SealedEntry, Store } from "../model/index.ts";
import type { Past } from "../platform/index.ts";
import type { DaemonLog } from "./daemon-log.ts";

export interface JournalKeeperOptions {
  readonly journal: ResilientJournal;
  readonly store: Store;
  readonly mac: Mac;
  readonly timers: Timers;
  readonly log: DaemonLog;
  /** Takes secrets out of an entry: neither the journal nor a checkpoint gets to know them. */
  readonly redact: (entry: Entry) => Entry;
  /** For a start without the store: what lies there, to be closed by the caller. */
  readonly openPast: () => Past;
  /** How long each question about the past may wait for its answer. */
  readonly askDeadlineMs?: number;
  /** The same of what lies there: the store itself was waited for already. */
  readonly lyingDeadlineMs?: number;
}

/** A store that says so is not used: what it holds cannot be trusted, or not be read by us. */
const refusals: readonly string[] = ["STORE_DAMAGED", "STORE_TOO_NEW"];

export type EntryListener = (entries: readonly SealedEntry[]) => void;

const checkpointEvery = 2000;
const pageSize = 1000;
const anchorMs = 3_600_000;

export class JournalKeeper {
  readonly #options: JournalKeeperOptions;
  readonly #listeners = new Set<EntryListener>();
  #memory: Recollection = createRecollection();
  #knowsAll = true;
  /** Nothing of the past could be read at the start. */
  #lacksPast = false;
  /** The last position that was written before this daemon, once that is known. */
  #pastEnd: number | undefined;
  #sinceCheckpoint = 0;
  /** Writes that the memory knows and the store may not have. */
  #underWay = 0;
  #written = 0;
  /** Undefined until the end of the store is known. */
  #toldPosition: number | undefined;
  #isTelling = false;
  /** What was found before there was anything to write. */
  #untold: readonly Entry[] = [];
  #cancelAnchor: (() => void) | undefined;

  constructor(options: JournalKeeperOptions) {
    this.#options = options;
    this.#anchorLater();
  }

  get kept(): Kept {
    return this.#options.journal.kept;
  }

  /**
   * What the daemons before this one knew; to be read before the first write. Throws STORE_DAMAGED
   * and STORE_TOO_NEW; a store that is away is no reason not to start.
   */
  async recall(): Promise<Recollection> {
    const { journal } = this.#options;
    try {
      this.#memory = await this.#recallFromStore();
    } catch (error) {
      if (error instanceof SoulMirrorError && refusals.includes(error.code)) throw error;
      this.#knowsAll = false;
      this.#memory = await this.#recallWithout(error);
    }
    for (const { entry, at } of await journal.held()) recollect(this.#memory, entry, at);
    if (journal.kept === "store") {
      this.#toldPosition = journal.last?.position ?? 0;
      this.#pastEnd = this.#toldPosition;
    }
    return this.#memory;
  }

  /** Keeps J5. */
  async #recallFromStore(): Promise<Recollection> {
    const { store, journal } = this.#options;
    if (journal.kept !== "store") {
      throw new SoulMirrorError("STORE_UNAVAILABLE", `the journal is kept in ${journal.kept}`);
    }
    return (await this.#foldAll(store)).memory;
  }

  /** `recallLate` has something to give. */
  get lacksPast(): boolean {
    return this.#lacksPast;
  }

  /**
   * What the daemons before this one knew, for one that could not read it when it began; undefined
   * while the store is away. Rejects like the store.
   */
  async recallLate(): Promise<Recollection | undefined> {
    const { store, journal } = this.#options;
    if (this.#pastEnd === undefined || journal.kept !== "store") return undefined;
    const { memory } = await this.#foldAll(store, { end: this.#pastEnd });
    this.#lacksPast = false;
    return memory;
  }

  async #recallWithout(reason: unknown): Promise<Recollection> {
    const { log, openPast } = this.#options;
    log.complain("the store is away; only actions that can be taken back run meanwhile", reason);
    const past = openPast();
    const { lyingDeadlineMs = 5000 } = this.#options;
    try {
      const { memory, position } = await this.#foldAll(past, { deadlineMs: lyingDeadlineMs });
      log.warn("past-read", { position });
      return memory;
    } catch (error) {
      // Services that run are known by their notes; the rest is looked at anew.
      log.complain("what was before is not known until the store is back", error);
      this.#lacksPast = true;
      return createRecollection();
    } finally {
      // One that hangs is left to itself, and waited for by nobody.
      void past.close().catch(() => undefined);
    }
  }

  /** A journal that fails goes on elsewhere, and says where. */
  async write(told: readonly Entry[], at: number): Promise<Kept> {
    const untold = this.#untold;
    this.#untold = [];
    try {
      return await this.#write([...untold, ...told], at);
    } catch (error) {
      // What was found has still to be told, and memory knows now what the journal does not.
      this.#untold = [...untold, ...this.#untold];
      this.#knowsAll = false;
      throw error;
    }
  }

  async #write(told: readonly Entry[], at: number): Promise<Kept> {
    const entries = told.map(this.#options.redact);
    for (const entry of entries) recollect(this.#memory, entry, at);
    this.#underWay += 1;
    const kept = await this.#options.journal.write(entries).finally(() => {
      this.#underWay -= 1;
    });
    this.#sinceCheckpoint += entries.length;
    this.#written += entries.length;
    if (kept === "store" && this.#sinceCheckpoint >= checkpointEvery) void this.checkpoint();
    void this.#tell();
    return kept;
  }

  sync(): Promise<void> {
    return this.#options.journal.sync();
  }

  /**
   * Keeps J1: it is taken when the store has everything, from what is written until then. While a
   * write is under way there is none; that write asks for it again. Nor is there one before the
   * past is known (J4).
   */
  async checkpoint(): Promise<void> {
    const { journal, store, log } = this.#options;
    const position = journal.last?.position;
    if (position === undefined || journal.kept !== "store" || this.#underWay > 0) return;
    if (this.#lacksPast) return;
    this.#sinceCheckpoint = 0;
    try {
      const whole = this.#knowsAll
        ? { memory: this.#memory, position }
        : await this.#foldAll(store);
      const state = writeRecollection(whole.memory);
      const sealed = sealCheckpoint({ position: whole.position, state }, this.#options.mac);
      await store.saveCheckpoint(whole.position, sealed);
    } catch (error) {
      log.complain("the checkpoint was not written", error);
    }
  }

  /** The store is back. One that has lost what it had gets at once what is known here. */
  returned({ isAnew }: { readonly isAnew: boolean }): void {
    this.#pastEnd ??= this.#ownBegin();
    if (isAnew) {
      this.#toldPosition = 0;
      // When a write is under way, that one takes care of it.
      this.#sinceCheckpoint = checkpointEvery;
      void this.checkpoint();
    }
    void this.#tell();
  }

  subscribe(listener: EntryListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The end of the chain in another place than the store: so that cuts are found. */
  anchor(): void {
    const { journal, log } = this.#options;
    if (journal.last === undefined || journal.kept !== "store") return;
    log.info("anchor", { position: journal.last.position, seal: journal.last.seal });
  }

  close(): void {
    this.#cancelAnchor?.();
    this.anchor();
  }

  /** Keeps J2. */
  async #tell(): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      const { journal, store } = this.#options;
      while (journal.kept === "store") {
        const end = journal.last?.position ?? 0;
        this.#toldPosition ??= this.#ownBegin();
        if (this.#listeners.size === 0) this.#toldPosition = end;
        if (this.#toldPosition >= end) return;
        const page = await store.read(this.#toldPosition + 1, pageSize);
        const last = page.at(-1);
        if (last === undefined) return;
        this.#toldPosition = last.position;
        for (const listener of this.#listeners) listener(page);
      }
    } catch (error) {
      this.#options.log.complain("readers were not told", error);
    } finally {
      this.#isTelling = false;
    }
  }

  /** It is back: what this daemon has written stands at its end, but for what was lost of it. */
  #ownBegin(): number {
    const { journal } = this.#options;
    const own = Math.max(0, this.#written - journal.lost);
    return Math.max(0, (journal.last?.position ?? 0) - own);
  }

  /** From the last checkpoint on, or from the beginning; to `end`. */
  async #foldAll(
    store: Pick<Store, "loadCheckpoint" | "last" | "read">,
    { end = Number.POSITIVE_INFINITY, deadlineMs }: FoldLimits = {},
  ): Promise<Folded> {
    const { mac, timers, askDeadlineMs = 5000 } = this.#options;
    const answer = <T>(asked: Promise<T>): Promise<T> =>
      within(timers, deadlineMs ?? askDeadlineMs, asked);
    const [first] = await answer(store.read(1, 1));
    const saved = await answer(store.loadCheckpoint());
    const to = (await answer(store.last()))?.position;
    const opened = openCheckpoint(saved, { mac, from: first?.position, to });
    const { memory } = opened;
    let { position } = opened;
    for (;;) {
      const page = await answer(store.read(position + 1, Math.min(pageSize, end - position)));
      for (const { entry, at } of page) recollect(memory, entry, at);
      position = page.at(-1)?.position ?? position;
      if (page.length < pageSize || position >= end) break;
    }
    if (opened.finding) this.#distrust(opened.finding, opened.lost);
    return { memory, position };
  }

  /** Keeps J3. */
  #distrust({ what, position }: Finding, lost: number): void {
    this.#options.log.warn("past-incomplete", { position, what });
    const how = lost > 0 ? "what is left is gone on with" : "what the journal has is read instead";
    this.#untold = [{ kind: "gap", lost, reason: `${what}; ${how}` }];
    if (lost > 0) this.#sinceCheckpoint = checkpointEvery;
  }

  #anchorLater(): void {
    this.#cancelAnchor = this.#options.timers.after(anchorMs, () => {
      this.anchor();
      this.#anchorLater();
    });
  }
}

interface FoldLimits {
  readonly end?: number;
  readonly deadlineMs?: number;
}

interface Folded {
  readonly memory: Recollection;
  /** Of the last entry that is in it. */
  readonly position: number;
}

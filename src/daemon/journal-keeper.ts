/**
 * Writes what the loop decides before anything is done about it, keeps what a new daemon will have
 * to know as a checkpoint, and tells readers what was written.
 *
 * J1. A checkpoint never says more than the journal in the store up to its position.
 * J2. Readers get entries from the store, in order and each once: what is elsewhere comes later.
 */
import type { Timers } from "../kernel/index.ts";
import {
  createRecollection,
  type Recollection,
  type ResilientJournal,
  readRecollection,
  recollect,
  writeRecollection,
} from "../knowledge/index.ts";
import type { Entry, Kept, SealedEntry, Store } from "../model/index.ts";
import type { DaemonLog } from "./daemon-log.ts";

export interface JournalKeeperOptions {
  readonly journal: ResilientJournal;
  readonly store: Store;
  readonly timers: Timers;
  readonly log: DaemonLog;
}

export type EntryListener = (entries: readonly SealedEntry[]) => void;

const checkpointEvery = 2000;
const pageSize = 1000;
const anchorMs = 3_600_000;

export class JournalKeeper {
  readonly #options: JournalKeeperOptions;
  readonly #listeners = new Set<EntryListener>();
  #memory: Recollection = createRecollection();
  #sinceCheckpoint = 0;
  #toldPosition = 0;
  #isTelling = false;
  #cancelAnchor: (() => void) | undefined;

  constructor(options: JournalKeeperOptions) {
    this.#options = options;
    this.#anchorLater();
  }

  get kept(): Kept {
    return this.#options.journal.kept;
  }

  /** What the daemons before this one knew; to be read before the first write. */
  async recall(): Promise<Recollection> {
    const { store, journal } = this.#options;
    const checkpoint = await store.loadCheckpoint();
    const memory = checkpoint && readRecollection(checkpoint.state);
    this.#memory = memory ?? createRecollection();
    let position = memory && checkpoint ? checkpoint.position + 1 : 1;
    for (;;) {
      const page = await store.read(position, pageSize);
      for (const { entry, at } of page) recollect(this.#memory, entry, at);
      const last = page.at(-1);
      if (last === undefined || page.length < pageSize) break;
      position = last.position + 1;
    }
    for (const { entry, at } of await journal.held()) recollect(this.#memory, entry, at);
    this.#toldPosition = journal.last?.position ?? 0;
    return this.#memory;
  }

  /** Never rejects: a journal that fails goes on elsewhere, and says where. */
  async write(entries: readonly Entry[], at: number): Promise<Kept> {
    for (const entry of entries) recollect(this.#memory, entry, at);
    const kept = await this.#options.journal.write(entries);
    this.#sinceCheckpoint += entries.length;
    if (kept === "store" && this.#sinceCheckpoint >= checkpointEvery) void this.checkpoint();
    void this.#tell();
    return kept;
  }

  sync(): Promise<void> {
    return this.#options.journal.sync();
  }

  /** Keeps J1: it is taken when the store has everything, from what is written until then. */
  async checkpoint(): Promise<void> {
    const { journal, store, log } = this.#options;
    const position = journal.last?.position;
    if (position === undefined || journal.kept !== "store") return;
    this.#sinceCheckpoint = 0;
    try {
      await store.saveCheckpoint(position, writeRecollection(this.#memory));
    } catch (error) {
      log.complain("the checkpoint was not written", error);
    }
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
      while (this.#toldPosition < (journal.last?.position ?? 0) && journal.kept === "store") {
        if (this.#listeners.size === 0) {
          this.#toldPosition = journal.last?.position ?? 0;
          return;
        }
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

  #anchorLater(): void {
    this.#cancelAnchor = this.#options.timers.after(anchorMs, () => {
      this.anchor();
      this.#anchorLater();
    });
  }
}

/**
 * Where entries are while the store is away: in the emergency file, and when that fails too in a
 * bounded ring in memory. Nothing here rejects; what is lost is counted.
 *
 * F1. What is in memory only is older than what comes, and goes into the file before it.
 * F2. A file that could not be written rests until somebody has asked the store again: a disk that
 *     hangs costs one deadline, and not one for each write.
 */
import { assert, messageOf } from "../kernel/index.ts";
import type { SealedEntry } from "../model/index.ts";
import type { EmergencyJournal, HeldEntries } from "./emergency-journal.ts";
import type { JournalSettings } from "./journal-settings.ts";
import { within } from "./within.ts";

export class Refuge {
  readonly #settings: JournalSettings;
  readonly #file: EmergencyJournal | undefined;
  #ring: readonly SealedEntry[] = [];
  #lost = 0;
  #fileRests = false;

  constructor(settings: JournalSettings, file: EmergencyJournal | undefined) {
    assert(settings.ringMax > 0, "the ring holds at least one entry");
    this.#settings = settings;
    this.#file = file;
  }

  get hasFile(): boolean {
    return this.#file !== undefined;
  }

  /** Entries that were pushed out of memory since the start. */
  get lost(): number {
    return this.#lost;
  }

  /** Where they are now. `storeEnd` is the last position that the store had. */
  async keep(
    sealed: readonly SealedEntry[],
    storeEnd: number | undefined,
  ): Promise<"emergency" | "memory"> {
    if (await this.#keepInFile(sealed, storeEnd)) return "emergency";
    const ring = [...this.#ring, ...sealed];
    const excess = Math.max(0, ring.length - this.#settings.ringMax);
    this.#ring = ring.slice(excess);
    this.#lost += excess;
    return "memory";
  }

  /** Keeps F1 and F2. */
  async #keepInFile(
    sealed: readonly SealedEntry[],
    storeEnd: number | undefined,
  ): Promise<boolean> {
    if (this.#file === undefined || this.#fileRests) return false;
    const { timers, writeDeadlineMs, notice } = this.#settings;
    const held = { storeEnd, entries: [...this.#ring, ...sealed] };
    try {
      await within(timers, writeDeadlineMs, this.#file.append(held));
    } catch (error) {
      this.#fileRests = true;
      notice(`the emergency file cannot be written: ${messageOf(error)}`);
      return false;
    }
    this.#ring = [];
    return true;
  }

  /** The file may be tried again. */
  wake(): void {
    this.#fileRests = false;
  }

  /** What the file holds, and what memory does. What cannot be read is lost, and counts as such. */
  async read(): Promise<HeldEntries> {
    const { storeEnd, entries } = await this.#readFile();
    return { storeEnd, entries: [...entries, ...this.#ring] };
  }

  async #readFile(): Promise<HeldEntries> {
    const file = this.#file;
    const { timers, replayDeadlineMs, notice } = this.#settings;
    if (file !== undefined) {
      try {
        return await within(timers, replayDeadlineMs, file.read());
      } catch (error) {
        notice(`the emergency file cannot be read: ${messageOf(error)}`);
      }
    }
    return { storeEnd: undefined, entries: [] };
  }

  /** The store has it all. When the file cannot be emptied, its entries are known by their ids. */
  async clear(): Promise<void> {
    this.#ring = [];
    if (this.#file === undefined) return;
    const { timers, replayDeadlineMs, notice } = this.#settings;
    try {
      await within(timers, replayDeadlineMs, this.#file.reset());
      this.#fileRests = false;
    } catch (error) {
      notice(`the emergency file cannot be emptied: ${messageOf(error)}`);
    }
  }
}

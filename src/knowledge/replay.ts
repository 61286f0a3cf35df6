/**
 * Gives a store that is back what it missed, in order. May be interrupted at any place, by a crash
 * too, and begun again: ids tell what has come over already.
 */
import type { SealedEntry } from "../model/index.ts";
import type { HeldEntries } from "./emergency-journal.ts";
import type { JournalSettings } from "./journal-settings.ts";
import { rebase } from "./rebase.ts";
import { within } from "./within.ts";

const pageEntries = 500;

export interface Missed {
  /** What the emergency file and memory hold. */
  readonly held: HeldEntries;
  /** The last position that the store is known to have had. */
  readonly storeEnd: number | undefined;
  /** The position of the last entry that was made; undefined before the first one of this life. */
  readonly endPosition: number | undefined;
  /** Why the store was away. */
  readonly reason: string;
}

/** Writes what the store does not have; resolves with the new end of the chain. */
export async function replay(
  settings: JournalSettings,
  readMissed: () => Promise<Missed>,
): Promise<SealedEntry | undefined> {
  const { mac, store } = settings;
  const base = await ask(settings, () => store.last());
  const { held, storeEnd, endPosition, reason } = await readMissed();
  const ends = [base?.position ?? 0, ...held.entries.map(({ position }) => position)];
  const missed = rebase({
    mac,
    base,
    held: held.entries,
    known: await knownIds(settings, held.entries, {
      base,
      ends: [held.storeEnd, storeEnd].filter((end) => end !== undefined),
    }),
    endPosition: endPosition ?? ends.reduce((a, b) => Math.max(a, b)),
    gap: (lost) => gap(settings, lost, reason),
  });
  for (let start = 0; start < missed.length; start += pageEntries) {
    const page = missed.slice(start, start + pageEntries);
    await ask(settings, () => store.append(page));
  }
  return missed.at(-1) ?? base;
}

function gap(
  { ids, clock }: JournalSettings,
  lost: number,
  why: string,
): Pick<SealedEntry, "id" | "at" | "entry"> {
  const reason = lost > 0 ? why : `the store holds another past than the journal: ${why}`;
  return {
    id: ids.next("jrn"),
    at: Math.floor(clock.now().wallMs),
    entry: { kind: "gap", lost, reason },
  };
}

/**
 * Which of the held entries have come into the store after all? They stand behind its end of then;
 * where that is not known they can only be at its very end.
 */
async function knownIds(
  settings: JournalSettings,
  held: readonly SealedEntry[],
  { base, ends }: { base: SealedEntry | undefined; ends: readonly number[] },
): Promise<ReadonlySet<string>> {
  const known = new Set<string>();
  if (held.length === 0 || base === undefined) return known;
  const ids = new Set(held.map(({ id }) => id));
  const tail = Math.max(0, base.position - 2 * held.length);
  let from = (ends.length > 0 ? Math.min(...ends) : tail) + 1;
  while (from <= base.position) {
    const start = from;
    const page = await ask(settings, () => settings.store.read(start, pageEntries));
    for (const { id } of page) if (ids.has(id)) known.add(id);
    from = (page.at(-1)?.position ?? base.position) + 1;
  }
  return known;
}

function ask<T>(settings: JournalSettings, call: () => Promise<T>): Promise<T> {
  return within(settings.timers, settings.replayDeadlineMs, call());
}

import type { Clock, Ids, Timers } from "../kernel/index.ts";
import type { Journal } from "../model/index.ts";
import type { Mac } from "./chain.ts";
import type { EmergencyJournal } from "./emergency-journal.ts";

export interface ResilientJournalOptions {
  readonly store: Journal;
  readonly emergency?: EmergencyJournal;
  /** Why the store is known to be away already: it is asked again only after `probeMs`. */
  readonly away?: unknown;
  readonly mac: Mac;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly ids: Ids;
  /** Where entries go has changed, or could not be had: for the log. */
  readonly notice?: (what: string) => void;
  /** The store is back after it was away; `isAnew` when it has lost what it had. */
  readonly returned?: (store: { readonly isAnew: boolean }) => void;
  /** How long the store and the emergency file each may take for one write. */
  readonly writeDeadlineMs?: number;
  readonly replayDeadlineMs?: number;
  /** The store is asked again after this, and after twice as long each time, up to the maximum. */
  readonly probeMs?: number;
  readonly probeMaxMs?: number;
  /** Entries in memory at most; beyond it the oldest are lost. */
  readonly ringMax?: number;
}

export type JournalSettings = Required<Omit<ResilientJournalOptions, "emergency" | "away">>;

export function withDefaults(options: ResilientJournalOptions): JournalSettings {
  const { emergency: _emergency, away: _away, ...rest } = options;
  return {
    notice: () => undefined,
    returned: () => undefined,
    writeDeadlineMs: 1000,
    replayDeadlineMs: 10_000,
    probeMs: 500,
    probeMaxMs: 30_000,
    ringMax: 10_000,
    ...rest,
  };
}

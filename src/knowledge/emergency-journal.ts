import type { SealedEntry } from "../model/index.ts";

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

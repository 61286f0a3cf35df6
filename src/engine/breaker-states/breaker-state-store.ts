/**
 * Where states of circuits are kept across restarts. Several processes may use one store at once;
 * `mergeSaved` says who wins.
 *
 * `load` is idempotent and never throws for what it finds: a state that cannot be read is left out
 * and told. It throws when the store cannot be asked at all; the caller goes on without.
 * `save` is idempotent: it lays the states over what is there, takes nothing away that it does not
 * name, and is durable when it resolves. It rejects when it is not; the caller tries again later.
 * A store that answers at once (a file, SQLite) is read before the first call is admitted.
 */
import type { SavedBreaker } from "./saved-breaker.ts";

export interface LoadedStates {
  readonly states: readonly SavedBreaker[];
  /** One sentence each: what was set aside, or left out. */
  readonly troubles: readonly string[];
}

export interface BreakerStateStore {
  /** For people: `file /var/lib/chat/breakers.json`. */
  readonly name: string;
  load(): LoadedStates | Promise<LoadedStates>;
  save(states: readonly SavedBreaker[]): Promise<void>;
  /** Gives back what it opened itself; nothing is saved afterwards. */
  close?(): Promise<void> | void;
}

/** What a kind of pool must know for itself to be guarded. */
import type { Notice } from "../../events.ts";

export interface PoolCounts {
  /** Connections that there may be. */
  readonly limit: number;
  readonly total: number;
  readonly idle: number;
  /** Callers that wait for a connection. */
  readonly waiting: number;
}

/** What a fresh connection, beside the pool, has found out. */
export interface Finding<Connection> {
  /**
   * False: the server provably no longer has it, so it will never answer. Undefined: nobody can
   * tell, as with a proxy in between.
   */
  isAlive(connection: Connection): boolean | undefined;
}

export interface PoolDriver<Connection extends object> {
  counts(): PoolCounts;
  /**
   * Asks the server over a connection of its own, which it ends whatever happens. Rejects when the
   * server cannot be reached. `deadline` is aborted when nobody waits any more.
   */
  probe(deadline: AbortSignal): Promise<Finding<Connection>>;
  /** Ends a dead connection, so that its callers get an error and the pool makes a new one. */
  discard(connection: Connection, reason: Error): void;
  /** Uses the pool once, so that it has a connection again. */
  refresh(): Promise<void>;
}

export type PoolEvent =
  /** A connection broke while nobody used it; the pool has taken it out already. */
  | "connection_lost"
  /** Everything is taken, others wait, and nothing comes back. */
  | "exhausted"
  /** The server refuses further connections. */
  | "server_full"
  | "server_away"
  | "server_back"
  /** Dead connections were ended; the pool makes new ones. */
  | "recreated"
  /** It is silent for longer than usual, and the server says that it works on it. */
  | "slow";

export interface PoolNotice extends Notice {
  readonly event: PoolEvent;
}

/**
 * Where failures and attempts are kept. Both methods are idempotent: the same id again replaces the
 * row. Durable when they resolve; they reject when the store does not answer, and the ledger
 * (`recovery-ledger.ts`) tries again.
 */
import type { ActionRow, FailureRow } from "./failure.ts";

export interface RecoveryRecords {
  /** Oldest first. */
  readonly failures: readonly FailureRow[];
  readonly actions: readonly ActionRow[];
}

export interface RecoveryStore {
  readonly name: string;
  putFailure(row: FailureRow): Promise<void>;
  /** Its failure has been put before. */
  putAction(row: ActionRow): Promise<void>;
  /** What is kept, for people and reports. */
  read(): Promise<RecoveryRecords>;
  close?(): Promise<void> | void;
}

const memoryMax = 1000;

/** The newest thousand, for as long as the process lives: the reference for other stores. */
export function memoryRecoveryStore(): RecoveryStore {
  const failures = new Map<string, FailureRow>();
  const actions = new Map<string, ActionRow>();
  return {
    name: "memory",
    putFailure: (row) => Promise.resolve(put(failures, row.eventId, row)),
    putAction: (row) => Promise.resolve(put(actions, row.actionId, row)),
    read: () =>
      Promise.resolve({ failures: [...failures.values()], actions: [...actions.values()] }),
  };
}

function put<T>(rows: Map<string, T>, id: string, row: T): void {
  rows.set(id, row);
  const oldest = rows.keys().next();
  if (rows.size > memoryMax && oldest.done !== true) rows.delete(oldest.value);
}

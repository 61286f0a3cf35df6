/** What the main thread and the store's worker say to each other. */
import { type ErrorCode, errorTable, messageOf, SoulMirrorError } from "../../kernel/index.ts";
import type { Store } from "../../model/index.ts";
import type { SqliteLimits } from "./sqlite-database.ts";

export interface WorkerSetup {
  readonly path: string;
  readonly limits: SqliteLimits;
  /** Only to be read, as it lies there (`past.ts`). */
  readonly isPast?: true;
}

/** One call of the port. */
export interface StoreCall {
  readonly id: number;
  readonly method: keyof Store;
  readonly values: readonly unknown[];
}

/** The answer to the call of that number; number 0 is the opening of the store. */
export type StoreAnswer =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly error: SentError };

export interface SentError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly fix?: string;
}

/** Errors do not keep their class on the way between threads. */
export function packError(error: unknown): SentError {
  if (!(error instanceof SoulMirrorError)) {
    if (isDamage(error))
      return { code: "STORE_DAMAGED", message: messageOf(error), fix: damageFix };
    return { code: "STORE_UNAVAILABLE", message: messageOf(error) };
  }
  const { code, message, fix } = error;
  return { code, message, ...(fix === undefined ? {} : { fix }) };
}

const damageFix =
  "keep a copy of soulmirror.db with its -wal and -shm; put a backup in their place, or move them " +
  "away to begin anew";

/** SQLITE_CORRUPT and SQLITE_NOTADB, with their finer kinds: asking again is of no use. */
function isDamage(error: unknown): boolean {
  const code = error instanceof Error && "errcode" in error ? error.errcode : undefined;
  return typeof code === "number" && [11, 26].includes(code & 0xff);
}

export function unpackError({ code, message, fix }: SentError): SoulMirrorError {
  const known: ErrorCode = code in errorTable ? code : "STORE_UNAVAILABLE";
  return new SoulMirrorError(known, message, fix === undefined ? {} : { fix });
}

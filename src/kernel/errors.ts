/**
 * Every error that leaves the house, in one table: its code, the HTTP status and the exit code it
 * becomes, and what it means. `docs/errors.md` explains each; a test holds the two together.
 */
export const errorTable = {
  CONFIG_INVALID: { status: 422, exitCode: 2, means: "the fleet file is not valid" },
  CONFIG_NOT_FOUND: { status: 404, exitCode: 2, means: "the fleet file does not exist" },
  CONFIG_UNSAFE: { status: 403, exitCode: 2, means: "others may write the fleet file" },
  DATA_DIRECTORY_HELD: {
    status: 409,
    exitCode: 3,
    means: "another daemon holds the data directory",
  },
  DATA_DIRECTORY_UNUSABLE: { status: 500, exitCode: 3, means: "the data directory cannot be used" },
  STORE_TOO_NEW: { status: 409, exitCode: 3, means: "a newer version wrote this store" },
  STORE_UNAVAILABLE: { status: 503, exitCode: 3, means: "the store does not answer" },
  STORE_DAMAGED: { status: 500, exitCode: 3, means: "the store holds a damaged database" },
  AUDIT_BROKEN: { status: 409, exitCode: 4, means: "the journal was edited or cut" },
  DAEMON_AWAY: { status: 503, exitCode: 5, means: "no daemon answers for this data directory" },
  NOT_AUTHORIZED: { status: 401, exitCode: 6, means: "the token is missing or wrong" },
  FORBIDDEN_ORIGIN: { status: 403, exitCode: 6, means: "Host or Origin is not one of ours" },
  TOO_MANY_ATTEMPTS: { status: 429, exitCode: 6, means: "too many wrong tokens from one address" },
  BUSY: { status: 503, exitCode: 5, means: "the daemon serves as many as it can" },
  NOT_FOUND: { status: 404, exitCode: 1, means: "there is no such thing" },
  METHOD_NOT_ALLOWED: { status: 405, exitCode: 2, means: "that address has other methods" },
  OPTIONS_INVALID: { status: 400, exitCode: 2, means: "an option has a value that cannot be" },
  BAD_REQUEST: { status: 400, exitCode: 2, means: "the request does not fit its schema" },
  CONFLICT: { status: 409, exitCode: 1, means: "the state does not allow it" },
  DRILL_FAILED: {
    status: 500,
    exitCode: 7,
    means: "at least one fault of the drill was not healed",
  },
  VAULT_LOCKED: { status: 423, exitCode: 11, means: "somebody else works in the repository" },
  VAULT_PASSPHRASE_WRONG: { status: 403, exitCode: 12, means: "no key opens with the passphrase" },
  VAULT_NOT_FOUND: { status: 404, exitCode: 10, means: "there is no repository at the location" },
  VAULT_FOREIGN: { status: 409, exitCode: 10, means: "the locations hold different repositories" },
  VAULT_TOO_NEW: { status: 409, exitCode: 10, means: "a newer version wrote the repository" },
  VAULT_DAMAGED: { status: 500, exitCode: 4, means: "what was read from a vault is not sound" },
  VAULT_NO_QUORUM: { status: 503, exitCode: 1, means: "too few locations hold the backup" },
  LOCATION_FAILED: { status: 502, exitCode: 1, means: "a location did not do what it was asked" },
  INTERNAL: { status: 500, exitCode: 70, means: "an error of our own" },
} as const satisfies Record<string, { status: number; exitCode: number; means: string }>;

export type ErrorCode = keyof typeof errorTable;

export interface ErrorDetails {
  readonly fix?: string;
  readonly cause?: unknown;
  readonly retryAfterMs?: number;
}

/** The one error class of the public edge. `fix` says what the reader can do about it. */
export class SoulMirrorError extends Error {
  readonly code: ErrorCode;
  // What is not known is not there: it would be printed as undefined.
  declare readonly fix: string | undefined;
  /** Asking again sooner is of no use. */
  declare readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorDetails = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "SoulMirrorError";
    this.code = code;
    if (options.fix !== undefined) this.fix = options.fix;
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
  }

  get status(): number {
    return errorTable[this.code].status;
  }

  get exitCode(): number {
    return errorTable[this.code].exitCode;
  }
}

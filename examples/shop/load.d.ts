// Types of load.js. Times ending in `Ms` and `at`, `endedAt` are wall-clock milliseconds since
// 1970.

export type ShopService = "chat-analyzer" | "trust-engine" | "ai-router" | "mobile-converter";
export type Targets = Readonly<Record<ShopService, string>>;

export interface LedgerLine {
  readonly n: number;
  readonly run: string;
  /** When it was sent. */
  readonly at: number;
  readonly service: ShopService;
  readonly method: "GET" | "POST";
  readonly path: string;
  /** The id of a write; it is also its `idempotency-key` header. */
  readonly key?: string;
  readonly idempotent: boolean;
  /** Answered in time, with a good status and the right content. */
  readonly ok: boolean;
  readonly status?: number;
  /** `timeout`, `ECONNREFUSED`, `ECONNRESET`, `status 502`, `late`, `wrong answer`, ... */
  readonly error?: string;
  /** How long it took, by the monotonic clock. */
  readonly ms: number;
  readonly endedAt: number;
  readonly write?:
    | {
        readonly kind: "score";
        readonly subject: string;
        readonly delta: number;
        readonly again?: true;
      }
    | { readonly kind: "upload"; readonly sha256: string; readonly messages: number }
    | { readonly kind: "export"; readonly subject: string; readonly rows: number };
}

export interface LoadOptions {
  readonly ledgerFile: string;
  readonly ratePerSecond: number;
  readonly seconds: number;
  readonly seed?: number;
  readonly timeoutMs?: number;
}

export interface RunningLoad extends AsyncDisposable {
  readonly pid: number | undefined;
  /** Exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>;
  stop(): Promise<number | string>;
}

/** Starts the generator as a child process. Without targets: the front doors. */
export function startLoad(options: LoadOptions & { readonly targets?: Targets }): RunningLoad;

/** Runs the load in this process. `run` prefixes every id and is unique by default. */
export function runLoad(
  options: LoadOptions & {
    readonly targets: Targets;
    readonly run?: string;
    readonly signal?: AbortSignal;
  },
): Promise<{ readonly run: string; readonly requests: number; readonly failed: number }>;

/** Reads whole lines from a byte position, at most 8 MiB at once; continue at `nextByte`. */
export function readLedger(
  file: string,
  fromByte?: number,
): Promise<{ readonly lines: readonly LedgerLine[]; readonly nextByte: number }>;

export interface RequestFigures {
  readonly requests: number;
  readonly failed: number;
  readonly failedIdempotent: number;
  readonly slowestMs: number;
  /** How often each `service: error` happened. */
  readonly errors: Readonly<Record<string, number>>;
}

/** Figures of the requests sent in [fromMs, toMs). */
export function countRequests(
  lines: readonly LedgerLine[],
  window?: {
    readonly fromMs?: number;
    readonly toMs?: number;
    readonly services?: readonly ShopService[];
  },
): RequestFigures;

/** For each service, when its first good answer to a request sent after `sinceMs` arrived. */
export function firstGoodAnswers(
  lines: readonly LedgerLine[],
  sinceMs: number,
): Partial<Record<ShopService, number>>;

export type Healing =
  | { readonly kind: "open"; readonly failures: number; readonly reason: string }
  | { readonly kind: "unharmed"; readonly firstGoodAtMs: number }
  | {
      readonly kind: "healed";
      readonly failures: number;
      readonly healedAtMs: number;
      readonly afterMs: number;
    };

/** The first good answer after the last failure, once it has opened a clean window. */
export function judgeHealing(
  lines: readonly LedgerLine[],
  options: {
    readonly faultAtMs: number;
    /** Up to when the ledger was read; lines sent later are not looked at. */
    readonly nowMs: number;
    readonly windowMs: number;
    /** How long the last request of a window may still need to fail; default 2,500. */
    readonly settleMs?: number;
    readonly services?: readonly ShopService[];
  },
): Healing;

export interface VerificationReport {
  readonly acknowledged: number;
  /** Acknowledged writes found as they must be, plus one for each subject whose sum is right. */
  readonly verified: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly wrong: number;
  readonly inProgress: number;
  readonly unreadable: number;
  /** Writes without an acknowledgement: they may have happened, once at most. */
  readonly indeterminate: number;
  /** When the writes were sent that are lost or wrong. Doubled ones show in sums only. */
  readonly damagedAt: readonly number[];
  /** The first few that were not as they must be. */
  readonly samples: readonly Readonly<Record<string, unknown>>[];
}

/** Reads back every acknowledged write. */
export function verifyLedger(options: {
  readonly targets: Targets;
  readonly ledgerFile: string;
  readonly waitMs?: number;
  /** What could not be read until then is unreadable; default 10 minutes. */
  readonly limitMs?: number;
  readonly signal?: AbortSignal;
}): Promise<VerificationReport>;

export const FRONT_DOORS: Targets;
export function readTargets(json: string | undefined): Targets;

/** A chat log that kills the worker of chat-analyzer without a trace. */
export const POISON_CHAT: string;

/**
 * A location that asks again when that can help.
 *
 * R1. Only what is not permanent, and never for a caller who has given up.
 * R2. All calls of one location share a budget: when the place is down, retries add a share to its
 *     load and no more.
 * R3. Pauses grow and are spread over their whole length; a place that asks for time gets what it
 *     asks for, or a longer pause than one that was only not reached.
 * R4. No attempt is begun later than `limitMs` after the first. One that is under way is awaited: a
 *     large file over a thin line takes its time.
 * R5. A config that an earlier attempt has put, although its answer was lost, is no `exists`.
 */
import {
  type Attempt,
  exponential,
  type Judgement,
  Retry,
  RetryBudget,
  type Tools,
  type Witness,
} from "../resilience/index.ts";
import {
  type ByteRange,
  type FileKind,
  type FileName,
  type ListedFile,
  type Location,
  LocationFault,
  type LocationTraits,
} from "./location.ts";

export interface LocationRetryOptions {
  readonly tools: Tools;
  /** Of this place: default an own one, a fifth of the calls and three a second. */
  readonly budget?: RetryBudget;
  /** With the first one. Default 6. */
  readonly attempts?: number;
  /** Of the first pause at most. Default 500; each is twice as long, up to 30 s. */
  readonly pauseMs?: number;
  /** Around which a throttled call pauses when nobody said how long. Default 5000. */
  readonly throttledPauseMs?: number;
  /** A place that asks for more than this is not asked again. Default one minute. */
  readonly maxRetryAfterMs?: number;
  /** Default 10 minutes. */
  readonly limitMs?: number;
  /** Is shown each decision. */
  readonly witness?: Witness;
}

export function withRetries(location: Location, options: LocationRetryOptions): Location {
  return new RetryingLocation(location, options);
}

class RetryingLocation implements Location {
  readonly traits: LocationTraits;
  readonly #location: Location;
  readonly #options: LocationRetryOptions;
  readonly #budget: RetryBudget;

  constructor(location: Location, options: LocationRetryOptions) {
    this.traits = location.traits;
    this.#location = location;
    this.#options = options;
    this.#budget = options.budget ?? new RetryBudget();
  }

  get notice(): string | undefined {
    return this.#location.notice;
  }

  prepare(signal: AbortSignal): Promise<void> {
    return this.#retry(signal, () => this.#location.prepare(signal));
  }

  put(file: FileName, parts: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    return this.#retry(signal, async ({ number }) => {
      try {
        await this.#location.put(file, parts, signal);
      } catch (error) {
        const mayBeOurs = number > 1 && error instanceof LocationFault && error.kind === "exists";
        if (!mayBeOurs || !isJoined(await this.#location.get(file, signal), parts)) throw error;
      }
    });
  }

  replace(file: FileName, parts: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    return this.#retry(signal, () => this.#location.replace(file, parts, signal));
  }

  get(file: FileName, signal: AbortSignal, range?: ByteRange): Promise<Uint8Array> {
    return this.#retry(signal, () => this.#location.get(file, signal, range));
  }

  stat(file: FileName, signal: AbortSignal): Promise<number | undefined> {
    return this.#retry(signal, () => this.#location.stat(file, signal));
  }

  /** Held whole until it is complete: one that begins anew would show its files twice. */
  async *list(kind: FileKind, signal: AbortSignal): AsyncGenerator<ListedFile> {
    yield* await this.#retry(signal, async () => {
      const files: ListedFile[] = [];
      for await (const file of this.#location.list(kind, signal)) files.push(file);
      return files;
    });
  }

  remove(file: FileName, signal: AbortSignal): Promise<void> {
    return this.#retry(signal, () => this.#location.remove(file, signal));
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#location[Symbol.asyncDispose]();
  }

  #retry<T>(signal: AbortSignal, work: (attempt: Attempt) => Promise<T>): Promise<T> {
    const { tools, attempts = 6, pauseMs = 500, limitMs = 600_000, witness } = this.#options;
    const untilMs = tools.monotonicMs() + limitMs;
    const retry = new Retry(
      {
        name: this.traits.name,
        attempts,
        backoff: exponential({ baseMs: pauseMs, factor: 2, maxMs: 30_000, jitter: "full" }),
        idempotent: true,
        budget: this.#budget,
        maxRetryAfterMs: this.#options.maxRetryAfterMs ?? 60_000,
        isOn: () => tools.monotonicMs() < untilMs,
        classify: (error) => this.#judge(error),
      },
      tools,
    );
    if (witness !== undefined) retry.on(witness);
    return retry.execute(work, { signal });
  }

  #judge(error: unknown): Judgement {
    if (!(error instanceof LocationFault)) return judgements.unknown;
    if (error.isPermanent) return judgements.permanent;
    if (error.kind !== "throttled") return judgements.away;
    const { throttledPauseMs = 5000, tools } = this.#options;
    const spreadMs = throttledPauseMs * (0.5 + tools.random.next());
    return { ...judgements.throttled, retryAfterMs: error.retryAfterMs ?? spreadMs };
  }
}

const judgements = {
  unknown: { category: "unknown", isFault: true, isTransient: false, neverStarted: false },
  permanent: { category: "client_error", isFault: false, isTransient: false, neverStarted: false },
  away: { category: "connection_reset", isFault: true, isTransient: true, neverStarted: false },
  throttled: { category: "rate_limit", isFault: false, isTransient: true, neverStarted: false },
} as const satisfies Record<string, Judgement>;

function isJoined(whole: Uint8Array, parts: readonly Uint8Array[]): boolean {
  let at = 0;
  for (const part of parts) {
    for (const byte of part) {
      if (whole[at] !== byte) return false;
      at += 1;
    }
  }
  return at === whole.length;
}

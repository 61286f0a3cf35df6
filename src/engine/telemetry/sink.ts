/**
 * Where metrics go. A sink is asked for one batch at a time, and `MetricsCollector` does the rest:
 * it waits, asks again, joins and counts.
 *
 * The contract, which `test/conformance/metric-sink.ts` holds every sink to:
 * S1. Resolved: the batch is there, whole and in order. A batch may arrive twice, when its first
 *     answer was lost.
 * S2. Rejected with `DeliveryRefused`: it will never be taken (or only in part); it is not sent
 *     again. Rejected with anything else: nobody is there now, the very same batch is sent again,
 *     not before `retryAfterMs` of the error, where it has one.
 * S3. It settles soon after `signal` is aborted, and keeps nothing of its own that grows: while
 *     nobody answers, what waits is the collector's.
 * S4. It never changes a batch.
 */
import { checkArgument, deferred, wholeOption } from "../../kernel/index.ts";
import type { StampedMetric } from "./metric.ts";

export interface Sink<T> {
  /** Shown in notices. */
  readonly name: string;
  send(batch: readonly T[], signal: AbortSignal): Promise<void>;
  /** Lets go of its connections, where they are its own; it is waited for half a second. */
  close?(): Promise<void> | void;
}

export type MetricSink = Sink<StampedMetric>;

/** However long a sink asks to be left alone: this is the most that it gets. */
export const askedForMaxMs = 600_000;

/** So many of a batch were not accepted, and sending them again would change nothing. */
export class DeliveryRefused extends Error {
  /** Undefined: all of them. */
  readonly lost: number | undefined;

  constructor(message: string, lost?: number) {
    super(message);
    this.name = "DeliveryRefused";
    this.lost = lost;
  }
}

/** Nobody takes it now; `retryAfterMs` is what they have asked for. */
export class SinkAway extends Error {
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs?: number) {
    super(message);
    this.name = "SinkAway";
    this.retryAfterMs = retryAfterMs;
  }
}

/** The reference: keeps the last `batchesMax` batches, for tests of those who use the collector. */
export class MemorySink<T = StampedMetric> implements Sink<T> {
  readonly name = "memory";
  readonly #batchesMax: number;
  #batches: (readonly T[])[] = [];

  constructor(batchesMax = 1000) {
    checkArgument(["MemorySink", "batchesMax"], batchesMax, wholeOption({ min: 1 }));
    this.#batchesMax = batchesMax;
  }

  get batches(): readonly (readonly T[])[] {
    return this.#batches;
  }

  get items(): readonly T[] {
    return this.#batches.flat();
  }

  async send(batch: readonly T[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (batch.length > 0) this.#batches = [...this.#batches, batch].slice(-this.#batchesMax);
  }
}

/** Settles as `promise` does, or rejects with the signal's reason as soon as that is aborted. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = deferred<never>();
  const abort = (): void => aborted.reject(signal.reason as Error);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

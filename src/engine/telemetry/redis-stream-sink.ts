/**
 * Metrics into a Redis stream, one entry each, through a client that the service has already. Its
 * own queue is never used: what waits for a server that is away would grow there without bound.
 *
 * A batch is one transaction, so that it arrives whole or not at all. One that was sent and not
 * answered is awaited again when the same batch comes again: it is not put there twice.
 */
import {
  checkArgument,
  checkOptions,
  havingOption,
  messageOf,
  optionsOf,
  textOption,
  wholeOption,
} from "../../kernel/index.ts";
import type { StampedMetric } from "./metric.ts";
import { DeliveryRefused, type MetricSink, SinkAway, unlessAborted } from "./sink.ts";

/** What is needed of a client: an `ioredis` one fits as it is. */
export interface RedisStreamClient {
  readonly status: string;
  multi(): RedisTransaction;
}

export interface RedisTransaction {
  xadd(key: string, ...words: (string | number)[]): unknown;
  exec(): Promise<[error: Error | null, result: unknown][] | null>;
}

export interface RedisStreamSinkOptions {
  /** Default `metrics:stream`. */
  readonly streamKey?: string;
  /** About so many entries are kept, the latest. Default 100,000. */
  readonly entriesMax?: number;
}

interface Sent {
  readonly batch: readonly StampedMetric[];
  readonly answer: Promise<void>;
  isTaken: boolean;
}

const clientOption = havingOption(["multi"], "a client of Redis", "hand in one of ioredis");
const shape = optionsOf({ streamKey: textOption(), entriesMax: wholeOption({ min: 1 }) });

/** A sink for `MetricsCollector` that adds to a stream (`metrics:stream`) and trims its length. */
export class RedisStreamSink implements MetricSink {
  readonly name: string;
  readonly #client: RedisStreamClient;
  readonly #key: string;
  readonly #entriesMax: number;
  #unanswered: Sent | undefined;

  constructor(client: RedisStreamClient, options: RedisStreamSinkOptions = {}) {
    checkArgument(["RedisStreamSink", "client"], client, clientOption);
    const read = checkOptions("RedisStreamSink", options, shape);
    const { streamKey = "metrics:stream", entriesMax = 100_000 } = read;
    this.#client = client;
    this.#key = streamKey;
    this.#entriesMax = entriesMax;
    this.name = `redis stream ${streamKey}`;
  }

  async send(batch: readonly StampedMetric[], signal: AbortSignal): Promise<void> {
    if (batch.length === 0) return;
    signal.throwIfAborted();
    const earlier = this.#unanswered;
    if (earlier !== undefined && earlier.batch !== batch && !earlier.isTaken) {
      throw new SinkAway("an earlier batch is not answered yet");
    }
    const sent = earlier?.batch === batch ? earlier : this.#begin(batch);
    await unlessAborted(sent.answer, signal);
    this.#unanswered = undefined;
  }

  #begin(batch: readonly StampedMetric[]): Sent {
    const { status } = this.#client;
    if (status !== "ready") throw new SinkAway(`the client is not connected (${status})`);
    const transaction = this.#client.multi();
    for (const metric of batch) {
      const data = entryOf(metric);
      transaction.xadd(this.#key, "MAXLEN", "~", this.#entriesMax, "*", "data", data);
    }
    const sent: Sent = { batch, answer: transaction.exec().then(checked, away), isTaken: false };
    this.#unanswered = sent;
    sent.answer.then(
      () => void (sent.isTaken = true),
      () => {
        if (this.#unanswered === sent) this.#unanswered = undefined;
      },
    );
    return sent;
  }
}

function entryOf(metric: StampedMetric): string {
  const { timestamp, metricType, metricName, value, unit, tags, source, count, since } = metric;
  const joined = count === undefined ? {} : { count, since };
  return JSON.stringify({
    timestamp,
    metricType,
    metricName,
    value,
    unit,
    tags,
    source,
    ...joined,
  });
}

function checked(results: readonly [Error | null, unknown][] | null): void {
  const wrong = results?.find(([error]) => error !== null)?.[0];
  if (results === null || wrong === null || wrong === undefined) return;
  // Another kind of value lives under that key: it is not ours to take away.
  if (wrong.message.startsWith("WRONGTYPE")) throw new DeliveryRefused(wrong.message);
  throw new SinkAway(wrong.message);
}

function away(error: unknown): never {
  throw new SinkAway(messageOf(error));
}

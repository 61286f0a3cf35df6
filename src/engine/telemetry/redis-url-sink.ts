/**
 * Metrics into the Redis that `REDIS_URL` names, over a connection of our own: through `ioredis`,
 * where the service has it.
 *
 * U1. Nothing is loaded and nobody is connected to before there is something to send.
 * U2. It connects when it sends, and at no other time: how often is for the collector to say. No
 *     timer and no socket of it keeps the process alive.
 * U3. What it says of a failure holds no password.
 */
import { createRequire } from "node:module";
import { messageOf } from "../../kernel/index.ts";
import { redact } from "../redact.ts";
import type { StampedMetric } from "./metric.ts";
import {
  type RedisStreamClient,
  RedisStreamSink,
  type RedisStreamSinkOptions,
} from "./redis-stream-sink.ts";
import { type MetricSink, SinkAway, unlessAborted } from "./sink.ts";

/** What is used of `ioredis`. */
interface Client extends RedisStreamClient {
  readonly stream?: { unref?(): void };
  on(event: "error", listener: (error: unknown) => void): unknown;
  connect(): Promise<unknown>;
  disconnect(): void;
}

type Make = new (url: string, options: Readonly<Record<string, unknown>>) => Client;

const connectMaxMs = 2000;

/** Whether the service has a library that we can talk to Redis through. */
export function hasRedisLibrary(): boolean {
  try {
    createRequire(import.meta.url).resolve("ioredis");
    return true;
  } catch {
    return false;
  }
}

export class RedisUrlSink implements MetricSink {
  readonly name: string;
  readonly #url: string;
  readonly #options: RedisStreamSinkOptions;
  #opened: Promise<{ readonly client: Client; readonly sink: RedisStreamSink }> | undefined;
  /** Why the last connection failed; the promise only says that it was closed. */
  #reason: unknown;
  #connecting: Promise<void> | undefined;
  #isClosed = false;

  constructor(url: string, options: RedisStreamSinkOptions = {}) {
    this.#url = url;
    this.#options = options;
    this.name = `redis stream ${options.streamKey ?? "metrics:stream"}`;
  }

  async send(batch: readonly StampedMetric[], signal: AbortSignal): Promise<void> {
    if (batch.length === 0) return;
    signal.throwIfAborted();
    this.#opened ??= this.#open();
    const { client, sink } = await unlessAborted(this.#opened, signal);
    if (client.status !== "ready") {
      // One that was not waited for until its end is waited for again.
      this.#connecting ??= this.#connect(client).finally(() => {
        this.#connecting = undefined;
      });
      this.#connecting.catch(() => {});
      await unlessAborted(this.#connecting, signal);
    }
    await sink.send(batch, signal);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    (await this.#opened?.catch(() => undefined))?.client.disconnect();
  }

  async #open(): Promise<{ readonly client: Client; readonly sink: RedisStreamSink }> {
    const { Redis } = (await import("ioredis")) as unknown as { readonly Redis: Make };
    const client = new Redis(this.#url, {
      lazyConnect: true,
      // U2.
      retryStrategy: () => null,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      connectTimeout: connectMaxMs,
      connectionName: "soulmirror-metrics",
    });
    client.on("error", (error) => {
      this.#reason = error;
    });
    if (this.#isClosed) client.disconnect();
    return { client, sink: new RedisStreamSink(client, this.#options) };
  }

  async #connect(client: Client): Promise<void> {
    this.#reason = undefined;
    try {
      await client.connect();
      client.stream?.unref?.();
    } catch (error) {
      throw new SinkAway(redact(messageOf(this.#reason ?? error)));
    }
  }
}

/**
 * What can be done for a service that is ill, under the words of its configuration: by what the
 * service's owner hands in, else by methods that say themselves what they do.
 */
import type { FailureEvent } from "./failure.ts";
import type { RecoveryContext, RecoveryResult, RecoveryStrategy } from "./recovery-strategy.ts";

/** Rejects when it could not be done. `signal` is aborted when nobody waits for it any more. */
export type Means = (signal: AbortSignal) => unknown;

export const meansWords = ["reconnect", "restart", "failover"] as const;

export type MeansWord = (typeof meansWords)[number];

export interface RecoveryMeans {
  /** Makes its connections anew. */
  readonly reconnect?: Means | undefined;
  /** Begins it anew, or asks somebody who can. */
  readonly restart?: Means | undefined;
  /** From now on somebody else is asked. */
  readonly failover?: Means | undefined;
}

type Parts = Readonly<Record<string, unknown>>;

/** What a service can by itself: a client of ioredis, a pool of pg, or methods with such names. */
export function meansOf(service: object): RecoveryMeans {
  const parts = service as Parts;
  return {
    reconnect: redisMeans(parts) ?? poolMeans(parts) ?? reconnectMeans(parts),
    restart: method(parts, "restart") ?? pair(parts, "stop", "start"),
  };
}

function reconnectMeans(parts: Parts): Means | undefined {
  const own = method(parts, "reconnect");
  return own ?? pair(parts, "disconnect", "connect") ?? pair(parts, "close", "open");
}

function method(parts: Parts, name: string): Means | undefined {
  return typeof parts[name] === "function" ? () => call(parts, name) : undefined;
}

/** What is broken may not be able to end properly: that stops nobody from beginning anew. */
function pair(parts: Parts, end: string, begin: string): Means | undefined {
  if (typeof parts[end] !== "function" || typeof parts[begin] !== "function") return undefined;
  return async () => {
    try {
      await call(parts, end);
    } catch {
      // It had ended already.
    }
    await call(parts, begin);
  };
}

/** Looked up when it is called: it may have been replaced meanwhile. */
function call(parts: Parts, name: string, ...words: readonly unknown[]): unknown {
  return Reflect.apply(parts[name] as () => unknown, parts, words);
}

/** A client of ioredis: also one that has given up, which is its end otherwise. */
function redisMeans(client: Parts): Means | undefined {
  const needed = ["connect", "disconnect", "duplicate", "sendCommand"];
  const isRedis = needed.every((name) => typeof client[name] === "function");
  if (!isRedis || typeof client["status"] !== "string") return undefined;
  return async () => {
    const { status } = client;
    if (status === "connecting" || status === "connect") return;
    if (status === "ready") {
      call(client, "disconnect", true);
      return;
    }
    try {
      await call(client, "connect");
    } catch (error) {
      // One that has not given up tries again by its own rules, and evidence decides.
      if (client["status"] === "end") throw error;
    }
  };
}

interface PooledClient {
  release(isEnded: boolean): void;
}

/** A pool of pg: idle connections are ended, those in use end when they are given back. */
function poolMeans(pool: Parts): Means | undefined {
  const isPool =
    typeof pool["idleCount"] === "number" &&
    typeof pool["totalCount"] === "number" &&
    typeof pool["connect"] === "function";
  if (!isPool) return undefined;
  return async (signal) => {
    for (let left = Number(pool["idleCount"]); left > 0 && !signal.aborted; left -= 1) {
      const client = (await call(pool, "connect")) as PooledClient;
      client.release(true);
    }
  };
}

/** Where the means of a service are, and what shows that it is well again. */
export interface MeansSource {
  find(service: string, word: MeansWord): Means | undefined;
  isWell(failure: FailureEvent, signal: AbortSignal): Promise<boolean>;
}

/** One word of a configuration as a strategy; which services have it is for `source` to say. */
export class MeansStrategy implements RecoveryStrategy {
  readonly name: MeansWord;
  readonly priority: number;
  readonly applicableFailureTypes: readonly string[] = ["*"];
  readonly #source: MeansSource;

  constructor(name: MeansWord, source: MeansSource) {
    this.name = name;
    this.priority = 3 + meansWords.indexOf(name);
    this.#source = source;
  }

  async execute(failure: FailureEvent, { signal }: RecoveryContext): Promise<RecoveryResult> {
    const { affectedService } = failure;
    const means = this.#source.find(affectedService, this.name);
    if (means === undefined) {
      return { success: false, message: `${affectedService} has nothing to ${this.name} it by` };
    }
    await means(signal);
    return { success: true, message: `${this.name} of ${affectedService} was done` };
  }

  verify(failure: FailureEvent, { signal }: RecoveryContext): Promise<boolean> {
    return this.#source.isWell(failure, signal);
  }
}

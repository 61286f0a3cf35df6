/** Databases and Redis: they are well when they answer, and degraded when that takes long. */
import {
  anyOption,
  checkArgument,
  checkOptions,
  numberOption,
  optionsOf,
  refusedOption,
  roundedMs,
} from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import { realTools } from "../real-tools.ts";
import type { HealthAnswer, HealthCheck } from "./check.ts";

export interface LatencyCheckOptions {
  /** From how many milliseconds on it counts as degraded: 100 for databases, 50 for Redis. */
  readonly degradedMs?: number;
  readonly tools?: Tools;
}

const shape = optionsOf({ degradedMs: numberOption({ min: 0 }), tools: anyOption<Tools>() });

type Ask = (signal: AbortSignal) => unknown;

/**
 * Asks a database for `SELECT 1`: healthy, degraded from 100 ms on, unhealthy when it fails.
 *
 * `target` is a pool, client or connection of pg, mysql2 (either form) or knex, a
 * `node:sqlite` database, or a function that does some cheap work and throws when it fails. Throws
 * `OPTIONS_INVALID` for anything else. It takes a connection of the pool: a pool that is exhausted
 * is not well.
 */
export function databaseCheck(target: unknown, options: LatencyCheckOptions = {}): HealthCheck {
  const fix = "hand in a pool of pg or mysql2, a knex instance, or a function that asks it";
  const refused = refusedOption<Ask>("a kind of database that is known", fix);
  const ask =
    databaseQuestion(target) ?? checkArgument(["databaseCheck", "target"], target, refused);
  const checked = checkOptions("databaseCheck", options, shape);
  return timed(ask, { what: "the database", degradedMs: 100, ...checked });
}

/**
 * Sends a PING: healthy, degraded from 50 ms on, unhealthy when it fails or the answer is not PONG.
 *
 * `target` is a client of ioredis or node-redis, or a function. A client that knows itself that it
 * has no connection is told at once, and not after the time limit. Throws `OPTIONS_INVALID` for
 * anything else.
 */
export function redisCheck(target: unknown, options: LatencyCheckOptions = {}): HealthCheck {
  const fix = "hand in a client of ioredis or redis, or a function that asks it";
  const refused = refusedOption<Ask>("a client with `ping`", fix);
  const ask = redisQuestion(target) ?? checkArgument(["redisCheck", "target"], target, refused);
  const checked = checkOptions("redisCheck", options, shape);
  return timed(ask, { what: "Redis", degradedMs: 50, ...checked });
}

type Parts = Record<"raw" | "query" | "promise" | "prepare" | "ping", unknown>;

function partsOf(target: unknown): Partial<Parts> | undefined {
  const isThing = typeof target === "object" || typeof target === "function";
  return isThing && target !== null ? (target as Partial<Parts>) : undefined;
}

function databaseQuestion(target: unknown): Ask | undefined {
  const parts = partsOf(target);
  if (parts === undefined) return undefined;
  // A knex instance is a function, too.
  const knex = parts as { raw(sql: string): unknown };
  if (typeof parts.raw === "function") return () => knex.raw("SELECT 1");
  if (typeof target === "function") return target as Ask;
  // The callback form of mysql2 hands out its promise form.
  const mysql = parts as { promise(): { query(sql: string): unknown } };
  if (typeof parts.promise === "function") return () => mysql.promise().query("SELECT 1");
  const client = parts as { query(sql: string): unknown };
  if (typeof parts.query === "function") return () => client.query("SELECT 1");
  const sqlite = parts as { prepare(sql: string): { get(): unknown } };
  if (typeof parts.prepare === "function") return () => sqlite.prepare("SELECT 1").get();
  return undefined;
}

/** Words of ioredis for a client that cannot send anything. */
const away: ReadonlySet<string> = new Set(["close", "end", "reconnecting", "disconnecting"]);

function redisQuestion(target: unknown): Ask | undefined {
  if (typeof target === "function") return target as Ask;
  const client = target as { ping?: () => unknown; status?: unknown; isReady?: unknown } | null;
  if (typeof client !== "object" || client === null) return undefined;
  if (typeof client.ping !== "function") return undefined;
  return async () => {
    const { status, isReady } = client;
    if (typeof status === "string" && away.has(status)) {
      throw new Error(`the client has no connection (${status})`);
    }
    if (isReady === false) throw new Error("the client has no connection");
    const answer = await client.ping?.();
    if (String(answer).toUpperCase() !== "PONG") throw new Error("PING was not answered by PONG");
  };
}

interface TimedOptions extends LatencyCheckOptions {
  readonly what: string;
  readonly degradedMs: number;
}

function timed(ask: Ask, { what, degradedMs, tools = realTools }: TimedOptions): HealthCheck {
  return async (signal): Promise<HealthAnswer> => {
    const startedMs = tools.monotonicMs();
    await ask(signal);
    const elapsedMs = tools.monotonicMs() - startedMs;
    const metadata = { latencyMs: roundedMs(elapsedMs), degradedMs };
    if (elapsedMs < degradedMs) return { status: "healthy", metadata };
    const message = `${what} took ${Math.round(elapsedMs)} ms to answer, ${degradedMs} ms are well`;
    return { status: "degraded", message, metadata };
  };
}

/** A circuit around a client does not wait when the watch of the client knows better. */
import { Redis } from "ioredis";
import { createPool } from "mysql2/promise";
import pg from "pg";
import { expect, test } from "vitest";
import { createEngine } from "../../src/engine/index.ts";
import { watchRedis } from "../../src/engine/integrations/pool/redis-client.ts";
import { watchPool } from "../../src/engine/integrations/pool/watch-pool.ts";
import { afterwards } from "../afterwards.ts";
import { until } from "../until.ts";
import { startRedis } from "./redis-server.ts";
import { loginTo as mariadbLogin, startMariadb } from "./servers/mariadb.ts";
import { loginTo as postgresLogin, startPostgres } from "./servers/postgres.ts";
import type { DatabaseServer } from "./servers/server-process.ts";

interface Scene {
  readonly server: Pick<DatabaseServer, "kill" | "start">;
  readonly client: object;
  readonly watch: typeof watchPool;
  /** Asks over what was wrapped. */
  readonly ask: (wrapped: object) => Promise<unknown>;
}

const scenes: Readonly<Record<string, () => Promise<Scene>>> = {
  "a pool of pg": async () => {
    const server = await startPostgres();
    const pool = new pg.Pool({ ...postgresLogin(server), max: 2 });
    afterwards(
      () => server[Symbol.asyncDispose](),
      () => pool.end(),
    );
    const ask = (wrapped: object) => (wrapped as typeof pool).query("SELECT 1");
    return { server, client: pool, watch: watchPool, ask };
  },
  "a pool of mysql2": async () => {
    const server = await startMariadb();
    const pool = createPool({ ...mariadbLogin(server), connectionLimit: 2 });
    afterwards(
      () => server[Symbol.asyncDispose](),
      () => pool.end(),
    );
    const ask = (wrapped: object) => (wrapped as typeof pool).query("SELECT 1");
    return { server, client: pool, watch: watchPool, ask };
  },
  "a client of ioredis": async () => {
    const server = await startRedis();
    const retries = { maxRetriesPerRequest: 0, retryStrategy: () => 50 };
    const client = new Redis(server.port, server.host, { ...retries, enableOfflineQueue: true });
    client.on("error", () => undefined);
    afterwards(
      () => server[Symbol.asyncDispose](),
      () => client.disconnect(),
    );
    const ask = (wrapped: object) => (wrapped as typeof client).get("a");
    return {
      server: { kill: () => server.stop(), start: () => server.start() },
      client,
      watch: watchRedis,
      ask,
    };
  },
};

test.each(Object.keys(scenes))(
  "%s: the first call after server_back goes through",
  async (name) => {
    const begin = scenes[name] as () => Promise<Scene>;
    const { server, client, watch, ask } = await begin();
    const engine = createEngine({ service: "shop", mode: "full" });
    afterwards(() => engine.close());
    const wrapped = engine.wrap("db", client, { breaker: { resetTimeout: "10m" } });
    const told: string[] = [];
    const onNotice = ({ event }: { event: string }): void => void told.push(event);
    const watching = watch(engine, client, { suspectAfterMs: 300, probeTimeoutMs: 1000, onNotice });
    afterwards(() => watching.stop());
    await ask(wrapped);
    await server.kill();
    const refused = async (): Promise<boolean> => {
      const error = await ask(wrapped).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      return (error as { code?: unknown } | undefined)?.code === "CIRCUIT_OPEN";
    };
    await until(refused);
    await until(() => told.includes("server_away"));
    await server.start();
    await until(() => told.includes("server_back"));
    await expect(ask(wrapped)).resolves.not.toBeUndefined();
  },
);

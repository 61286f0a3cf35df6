/** A real PostgreSQL for tests: user `postgres`, database `postgres`, no password. */
import path from "node:path";
import pg from "pg";
import { type DatabaseServer, host, program, startServer } from "./server-process.ts";

export interface PostgresOptions {
  readonly connectionsMax?: number;
  /** Connections that receive what is written, and copies of everything. */
  readonly walSenders?: number;
  /** Of a server that there was; default: a new one. */
  readonly data?: string;
}

export async function startPostgres(options: PostgresOptions = {}): Promise<DatabaseServer> {
  const { connectionsMax = 40, data, walSenders = 0 } = options;
  const postgres = program("postgres");
  return startServer({
    name: "postgres",
    user: "postgres",
    ...(data === undefined && {
      initialise: (folder) => [
        path.join(path.dirname(postgres), "initdb"),
        `--pgdata=${folder}`,
        "--username=postgres",
        "--auth=trust",
        "--no-sync",
        "--encoding=UTF8",
      ],
    }),
    command: ({ folder, port }) => [
      postgres,
      "-D",
      data ?? folder,
      `--port=${port}`,
      `--listen_addresses=${host}`,
      "--unix_socket_directories=",
      "--fsync=off",
      `--max_connections=${connectionsMax}`,
      "--superuser_reserved_connections=0",
      `--max_wal_senders=${walSenders}`,
    ],
    isReady: async (port) => {
      const client = new pg.Client({ ...loginTo({ port }), connectionTimeoutMillis: 1000 });
      client.on("error", () => undefined);
      try {
        await client.connect();
        await client.query("SELECT 1");
      } finally {
        await client.end().catch(() => undefined);
      }
    },
  });
}

export function loginTo({ port }: { readonly port: number }) {
  return { host, port, user: "postgres", database: "postgres" } as const;
}

/** A real MariaDB for tests: user `root` without a password, database `test`. */
import path from "node:path";
import { createConnection } from "mysql2/promise";
import { type DatabaseServer, host, program, startServer } from "./server-process.ts";

export interface MariadbOptions {
  readonly connectionsMax?: number;
  /** Whether what is written is logged for others to receive. */
  readonly binlog?: boolean;
}

export async function startMariadb(options: MariadbOptions = {}): Promise<DatabaseServer> {
  const { binlog = false, connectionsMax = 40 } = options;
  const plain = ["--no-defaults"];
  return startServer({
    name: "mariadb",
    user: "mysql",
    initialise: (folder) => [
      "mariadb-install-db",
      ...plain,
      `--datadir=${path.join(folder, "data")}`,
      "--auth-root-authentication-method=normal",
    ],
    command: ({ folder, port }) => [
      program("mariadbd"),
      ...plain,
      `--datadir=${path.join(folder, "data")}`,
      `--socket=${path.join(folder, "socket")}`,
      `--pid-file=${path.join(folder, "pid")}`,
      `--bind-address=${host}`,
      `--port=${port}`,
      `--max-connections=${connectionsMax}`,
      ...(binlog ? ["--log-bin=changes", "--server-id=1", "--binlog-format=row"] : []),
      "--innodb-flush-log-at-trx-commit=0",
      "--innodb-buffer-pool-size=16M",
    ],
    isReady: async (port) => {
      const connection = await createConnection({ ...loginTo({ port }), connectTimeout: 1000 });
      try {
        await connection.query("SELECT 1");
      } finally {
        connection.destroy();
      }
    },
  });
}

export function loginTo({ port }: { readonly port: number }) {
  return { host, port, user: "root", database: "test" } as const;
}

/**
 * A database that is written to all the time, in a way that a copy of more than one moment shows:
 * each transaction takes from a row of one table and gives to one of another, so that the sum of
 * both is zero at every moment.
 */
import { execFileSync } from "node:child_process";
import mysql from "mysql2/promise";
import pg from "pg";
import { loginTo as mariadbLogin, startMariadb } from "./servers/mariadb.ts";
import { loginTo as postgresLogin, startPostgres } from "./servers/postgres.ts";
import { type DatabaseServer, program } from "./servers/server-process.ts";

export interface Database extends AsyncDisposable {
  /** The rows of the last statement. */
  query(statement: string): Promise<readonly Record<string, unknown>[]>;
}

export interface DatabaseKind {
  readonly name: "postgres" | "mariadb";
  start(): Promise<DatabaseServer>;
  connect(server: DatabaseServer): Promise<Database>;
  /** Options that its own programs find it by. */
  words(server: DatabaseServer): readonly string[];
  /** Loads a file of statements with the client of its package. */
  load(server: DatabaseServer, file: string): void;
}

export const postgres: DatabaseKind = {
  name: "postgres",
  start: () => startPostgres({ walSenders: 8 }),
  async connect(server) {
    const client = new pg.Client(postgresLogin(server));
    client.on("error", () => undefined);
    await client.connect();
    return {
      query: async (statement) => {
        const results = (await client.query(statement)) as pg.QueryResult | pg.QueryResult[];
        const last = Array.isArray(results) ? results.at(-1) : results;
        return (last?.rows ?? []) as readonly Record<string, unknown>[];
      },
      [Symbol.asyncDispose]: () => client.end().catch(() => undefined),
    };
  },
  words: ({ host, port }) => [`--host=${host}`, `--port=${port}`, "--username=postgres"],
  load(server, file) {
    const options = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname=postgres"];
    execFileSync(program("psql"), [...this.words(server), ...options, `--file=${file}`]);
  },
};

export const mariadb: DatabaseKind = {
  name: "mariadb",
  start: () => startMariadb({ binlog: true }),
  async connect(server) {
    const options = { ...mariadbLogin(server), multipleStatements: true };
    const connection = await mysql.createConnection(options);
    connection.on("error", () => undefined);
    return {
      query: async (statement) => {
        const [rows] = await connection.query(statement);
        return rows as readonly Record<string, unknown>[];
      },
      [Symbol.asyncDispose]: async () => connection.destroy(),
    };
  },
  words: ({ host, port }) => [`--host=${host}`, `--port=${port}`, "--user=root"],
  load(server, file) {
    const options = [...this.words(server), "--no-auto-rehash", "--database=test"];
    execFileSync(program("mariadb"), [...options, `--execute=source ${file}`]);
  },
};

const rows = 20_000;

export async function makeSides(database: Database, { name }: DatabaseKind): Promise<void> {
  const source =
    name === "postgres"
      ? `generate_series(1, ${rows}) as n(id)`
      : `(select seq as id from seq_1_to_${rows}) n`;
  for (const side of ["side_a", "side_b"]) {
    await database.query(`create table ${side} (id int primary key, amount int, filler char(200))`);
    await database.query(`insert into ${side} select id, 0, repeat('x', 200) from ${source}`);
  }
}

/** Until it is disposed of, which rejects when a transfer failed. */
export function keepWriting(database: Database): AsyncDisposable & { readonly count: number } {
  let count = 0;
  const over = new AbortController();
  const write = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const [from, to] = [(count * 7919) % rows, (count * 104_729) % rows];
      await database.query("begin");
      await database.query(`update side_a set amount = amount - 1 where id = ${from + 1}`);
      await database.query(`update side_b set amount = amount + 1 where id = ${to + 1}`);
      await database.query("commit");
      count += 1;
    }
  };
  const written = write();
  written.catch(() => undefined);
  return {
    get count() {
      return count;
    },
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await written;
    },
  };
}

/** Zero when it is of one moment; and how much had been given by then. */
export async function sumsOf(database: Database): Promise<{ sum: number; given: number }> {
  const [found] = await database.query(
    `select (select count(*) from side_a) + (select count(*) from side_b) as rows_all,
      (select sum(amount) from side_a) + (select sum(amount) from side_b) as difference,
      (select sum(amount) from side_b) as given`,
  );
  if (Number(found?.["rows_all"]) !== 2 * rows) throw new Error(`rows: ${JSON.stringify(found)}`);
  return { sum: Number(found?.["difference"]), given: Number(found?.["given"]) };
}
